"""What is in a document: read in the sandbox, never in the process that holds the accounts."""

from printgate.analysis.analyser import SANDBOXED, Analyser, DocumentFacts

__all__ = ["SANDBOXED", "Analyser", "DocumentFacts"]
