"""The kinds of file that can be imported: each belongs to the package that owns the things."""

from core.identity.importing import OFFICES, PEOPLE
from core.importing.service import FileKind
from quotas.importing import GRANTS

KINDS: dict[str, FileKind] = {kind.name: kind for kind in (OFFICES, PEOPLE, GRANTS)}
