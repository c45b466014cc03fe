"""What became of an import, for people and programs."""

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any
from uuid import UUID, uuid4

from importer.errors import RowError

__all__ = ["ImportReport", "ResourceReport"]


@dataclass
class ResourceReport:
    """What became of one resource's rows."""

    name: str
    file: str
    counts: Counter[str] = field(default_factory=Counter)
    errors: list[RowError] = field(default_factory=list)
    error_file: str | None = None

    def as_json(self) -> dict[str, Any]:
        """The report for programs."""
        return {
            "name": self.name,
            "file": self.file,
            "counts": dict(sorted(self.counts.items())),
            "errors": [asdict(error) for error in self.errors],
            "error_file": self.error_file,
        }


@dataclass
class ImportReport:
    """What became of an import.

    `stopped`: why it ended before the last row; sent again, what was taken is unchanged.
    `import_id` stands in the history of every record that the import changed.
    """

    dry_run: bool
    import_id: UUID = field(default_factory=uuid4)
    resources: list[ResourceReport] = field(default_factory=list)
    stopped: str | None = None
    seconds: float = 0.0

    @property
    def failed(self) -> int:
        """How many rows were not taken."""
        return sum(resource.counts["failed"] for resource in self.resources)

    def as_json(self) -> dict[str, Any]:
        """The report for programs."""
        return {
            "dry_run": self.dry_run,
            "import_id": str(self.import_id),
            "seconds": round(self.seconds, 3),
            "failed": self.failed,
            "stopped": self.stopped,
            "resources": [resource.as_json() for resource in self.resources],
        }
