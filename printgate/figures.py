"""What a collector is told of jobs, printers and paper that went past the gateway."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.metrics import Figure
from printgate.lifecycle import ACTIVE, Stage
from printgate.models import ForeignJobRow, JobRow, PrinterRow


def figures(session: Session, now: datetime) -> Iterator[Figure]:
    """Yield the figures of this moment."""
    by_stage = select(JobRow.stage, func.count()).group_by(JobRow.stage)
    counts = {stage: count for stage, count in session.execute(by_stage)}  # noqa: C416  # rows
    for stage in Stage:
        yield Figure("jobs", "Jobs by stage", counts.get(stage, 0), {"stage": str(stage)})
    oldest = session.scalar(
        select(func.min(JobRow.changed_at)).where(JobRow.stage.in_([str(each) for each in ACTIVE]))
    )
    waited = (now - oldest).total_seconds() if oldest else 0.0
    yield Figure("oldest_job_seconds", "Since when the job that moved last longest ago", waited)
    sheets = session.scalar(select(func.coalesce(func.sum(JobRow.sheets_used), 0)))
    yield Figure("sheets", "Sheets that came out", float(sheets or 0), total=True)
    for name, reachable, state in session.execute(
        select(PrinterRow.name, PrinterRow.reachable, PrinterRow.state)
    ):
        ready = float(reachable and state != "stopped")
        yield Figure("printer_ready", "Whether a printer can print", ready, {"printer": name})
    foreign = session.scalar(select(func.count()).select_from(ForeignJobRow)) or 0
    yield Figure("foreign_jobs", "Jobs that went past the gateway", foreign, total=True)
