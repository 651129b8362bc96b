"""Keeps Python from searching all that an engine has loaded for garbage, again and again.

Python looks for objects that only hold each other whenever some hundred more were made than
went. Torch, MAX and a port's libraries are half a million objects that stay: while they are
loaded the searches take a sixth of the time, and later some take part in every save. So the
searches are few while libraries are loaded, and what is there then, and once a model is
open, is passed by from then on.
"""

import gc

SELDOM = 100_000
"""So many objects more before a search, while libraries are loaded."""
_USUAL = gc.get_threshold()


def search_seldom() -> None:
    """From now on, until `search_as_usual`."""
    gc.set_threshold(SELDOM, *_USUAL[1:])


def search_as_usual() -> None:
    """From now on, but for what is there now. Before a source runs, which may change how
    garbage is searched for and is told so."""
    gc.freeze()
    gc.set_threshold(*_USUAL)


def pass_by() -> None:
    """What is there now is not searched any more; of that, garbage goes first."""
    gc.collect()
    gc.freeze()
