"""What a start puts right after a process that died: nothing else has to wait for a time-out.

Only for a process that is known to be the only one (deploy/serve.py sees to that): every claim is
then a dead one's, and every file in the spool that has no job is a leftover. Where many processes
share a database the same happens by and by: claims run out, the round `sweep` removes old files.
"""

import logging

from core.tasks import service as tasks
from printgate.parts import Parts
from printgate.reconcile import remove_orphans

log = logging.getLogger(__name__)


def take_up(parts: Parts) -> None:
    """Take up what another process left: before the first task and the first request."""
    now = parts.clock.now()
    with parts.database.transaction() as session:
        claims = tasks.take_back_claims(session)
    remove_orphans(parts, before=now)
    if claims:
        log.warning("taken up: %d tasks that were under way", claims)
