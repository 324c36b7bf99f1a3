"""The errors of documents; each code is explained in README.md."""

from core.errors import Conflict, Forbidden, NotFound


class NoSuchDocument(NotFound):
    """There is no such document, or none that the asker may know of."""

    code = "no-such-document"


class NotAllowed(Forbidden):
    """The asker may read the document but not do this with it."""

    code = "document-not-allowed"


class DocumentEnded(Conflict):
    """The document is closed or withdrawn."""

    code = "document-ended"


class GrantSpent(Conflict):
    """The print grant has been used or is void."""

    code = "grant-spent"


class PageUnreadable(Conflict):
    """A page of the document cannot be shown as a picture."""

    code = "page-unreadable"
