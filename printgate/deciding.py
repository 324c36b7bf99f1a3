"""From a spooled document to a decision: analysis outside any transaction, then T1 inside one."""

from core.text import Text
from printgate import queries
from printgate.analysis import DocumentFacts
from printgate.lifecycle import Stage
from printgate.parts import Parts
from printgate.policy import Facts, Outcome
from printgate.queries import Job
from printgate.service import decide
from printgate.service.decide import Kept


def decide_now(parts: Parts, uuid: str, *, timeout_seconds: float) -> Job:
    """Analyse and decide a job within so many seconds.

    A job that cannot be analysed in time stays undecided when there is more time in the background
    (`analysis_limit_seconds`), and is refused as too complex when there is not.
    """
    with parts.database.snapshot() as session:
        job = queries.job_by_uuid(session, uuid)
    if job.stage is not Stage.DECIDING:
        return job
    source, output = parts.spool.source(uuid), parts.spool.output(uuid)
    document = parts.analyser.analyse(
        source, output, job.format, job_name=job.title, timeout_seconds=timeout_seconds
    )
    if document.timed_out and timeout_seconds < parts.terms.analysis_limit_seconds:
        return job
    facts = facts_of(document)
    with parts.database.snapshot() as session:
        outcome = decide.predict(session, uuid, facts, parts.rules)
    kept = keep(parts, uuid) if outcome is Outcome.CIRCULATE else None
    return parts.database.run(
        lambda session: decide.decide_job(
            session,
            uuid,
            facts,
            parts.rules,
            kept=kept,
            ask_expires=parts.terms.ask_expires,
            now=parts.clock.now(),
        )
    )


def keep(parts: Parts, uuid: str) -> Kept:
    """Put the rewritten PDF of a job into the document store."""
    output = parts.spool.output(uuid)
    return Kept(parts.blobs.put_file(output), output.stat().st_size)


def facts_of(document: DocumentFacts) -> Facts:
    """Return what the rules need to know of a document, with sentences for its sender."""
    return Facts(
        pages=document.pages,
        draft=_draft(document),
        marked=_marked(document),
        unreadable=document.unreadable_text,
        unreadable_code=document.unreadable or "",
    )


def _draft(document: DocumentFacts) -> Text | None:
    if not document.is_draft:
        return None
    return Text(
        'This is a draft ("{marker}"): drafts circulate here without paper.',
        {"marker": document.draft_marker},
    )


def _marked(document: DocumentFacts) -> Text | None:
    if not document.is_marked:
        return None
    return Text(
        "This paper carries a secrecy mark. Such papers may be neither kept nor printed on this "
        "system; please ask the office for secrecy."
    )
