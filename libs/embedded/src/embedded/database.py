"""What commands of a service ask of the PostgreSQL in its data folder."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chassis.cli.console import Refusal
from chassis.cli.installation import FolderDatabase
from chassis.storage.bootstrap import DatabaseUrls
from embedded.cluster import EmbeddedCluster
from embedded.placement import ClusterUnavailable

__all__ = ["EmbeddedDatabase"]


class EmbeddedDatabase(FolderDatabase):
    """The database of a service in the embedded PostgreSQL of a folder."""

    def exists(self, data_dir: Path) -> bool:
        """Whether the folder has one, so that opening it begins none."""
        return EmbeddedCluster.exists(data_dir)

    @contextmanager
    def open(self, data_dir: Path, name: str) -> Iterator[DatabaseUrls]:
        """Its URLs, while the server runs. Raises Refusal with what to do."""
        with _refused():
            cluster = EmbeddedCluster.open(data_dir)
        with cluster:
            with _refused():
                urls = cluster.ensure_database(name)
            yield urls


@contextmanager
def _refused() -> Iterator[None]:
    try:
        yield
    except ClusterUnavailable as unavailable:
        raise Refusal(str(unavailable)) from unavailable
