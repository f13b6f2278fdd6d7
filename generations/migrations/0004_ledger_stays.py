"""The database itself refuses to change or delete what the ledger and the trail hold.

On SQLite a new column makes the table anew, and its triggers are gone: so the migration before took
the one that keeps a task id, which is put back here.
"""

from django.db import migrations

LEDGER, EVENTS = "generations_ledgerentry", "generations_generationevent"
# name of the trigger, the table, what is refused
REFUSALS = (
    ("ledger_never_changes", LEDGER, "UPDATE"),
    ("ledger_never_shrinks", LEDGER, "DELETE"),
    ("events_never_shrink", EVENTS, "DELETE"),
)
# PostgreSQL empties a table without looking at its rows, so without asking their triggers.
REFUSALS_OF_POSTGRESQL = (
    ("ledger_never_emptied", LEDGER, "TRUNCATE"),
    ("events_never_emptied", EVENTS, "TRUNCATE"),
)


TASK_ID_STAYS = (
    "CREATE TRIGGER IF NOT EXISTS generation_task_id_stays"
    " BEFORE UPDATE OF provider_task_id ON generations_generation"
    " WHEN OLD.provider_task_id IS NOT NULL"
    " AND NEW.provider_task_id IS NOT OLD.provider_task_id"
    " BEGIN SELECT RAISE(ABORT, 'provider_task_id never changes'); END"
)


def install(apps, schema_editor):
    on_postgresql = schema_editor.connection.vendor == "postgresql"
    if not on_postgresql:
        schema_editor.execute(TASK_ID_STAYS, params=None)
    for name, table, action in _refusals(on_postgresql):
        each = "STATEMENT" if action == "TRUNCATE" else "ROW"
        statement = (
            f"CREATE TRIGGER {name} BEFORE {action} ON {table} FOR EACH {each}"
            f" EXECUTE FUNCTION generations_refuse_update('{table}')"
            if on_postgresql
            else f"CREATE TRIGGER {name} BEFORE {action} ON {table}"
            f" BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )
        schema_editor.execute(statement, params=None)


def remove(apps, schema_editor):
    on_postgresql = schema_editor.connection.vendor == "postgresql"
    for name, table, _ in _refusals(on_postgresql):
        schema_editor.execute(f"DROP TRIGGER {name}" + (f" ON {table}" if on_postgresql else ""))


def _refusals(on_postgresql):
    return REFUSALS + (REFUSALS_OF_POSTGRESQL if on_postgresql else ())


class Migration(migrations.Migration):
    dependencies = [("generations", "0003_ledger_and_budgets")]
    operations = [migrations.RunPython(install, remove)]
