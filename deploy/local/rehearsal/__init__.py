"""What `make rehearse` does: the commands of docs/operations/backup-and-restore.md, and their time.

`databases` takes backups, destroys and restores; `recovery` measures the steps; `orders` plays what
is in the databases, and looks at what came back.
"""
