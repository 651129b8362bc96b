"""A run as a document: a page to keep or print, Markdown for an issue, XML for a test run.

`contents` says what a report has in it, as plain text; `chart` where its marks are; the
templates how it looks; `render` fills them in, with everything escaped.
"""
