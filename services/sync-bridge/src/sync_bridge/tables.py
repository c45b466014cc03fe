"""Every table of the bridge, for Alembic."""

from sync_bridge.base import Base
from sync_bridge.comparisons import models as comparisons
from sync_bridge.identity import models as identity
from sync_bridge.inbox import models as inbox
from sync_bridge.lanes import models as lanes

__all__ = ["METADATA", "comparisons", "identity", "inbox", "lanes"]

METADATA = Base.metadata
