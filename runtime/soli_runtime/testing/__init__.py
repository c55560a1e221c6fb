"""`soli test`: spec files in Soli, found, run and reported (docs/spec §L25)."""

from .outcomes import FileReport, Outcome, RunReport, Status
from .running import Options, SpecFile

__all__ = ["FileReport", "Options", "Outcome", "RunReport", "SpecFile", "Status"]
