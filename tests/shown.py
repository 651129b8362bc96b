"""What is on the screen of a test's dashboard."""

from textual.app import App


def shown(app: App) -> str:
    """As lines of text, without colours."""
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips())
