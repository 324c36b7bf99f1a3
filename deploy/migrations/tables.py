"""Imports every module that has tables, so that `Base.metadata` knows them all."""

import core.audit
import core.checkups
import core.identity.models
import core.importing.models
import core.leases
import core.notices
import core.tasks.models
import docflow.models
import printgate.models
import quotas.models
import quotas.supplies.models
from core.db import Base

__all__ = ["METADATA"]

METADATA = Base.metadata
MODULES = (
    core.audit,
    core.checkups,
    core.identity.models,
    core.importing.models,
    core.leases,
    core.notices,
    core.tasks.models,
    docflow.models,
    printgate.models,
    quotas.models,
    quotas.supplies.models,
)
