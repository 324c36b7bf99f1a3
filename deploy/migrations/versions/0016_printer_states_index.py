"""A month or a year of printers' states is summed from an index alone."""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_printer_states_day", table_name="printer_states")
    columns = ["day", "printer_id", "power", "seconds"]
    op.create_index("ix_printer_states_sums", "printer_states", columns)


def downgrade() -> None:
    op.drop_index("ix_printer_states_sums", table_name="printer_states")
    op.create_index("ix_printer_states_day", "printer_states", ["day", "printer_id"])
