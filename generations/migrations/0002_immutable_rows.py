"""The database itself refuses to rewrite history: a task id once known, events, prices, preset versions."""

from django.db import migrations

FROZEN_TABLES = ("generations_generationevent", "generations_price", "generations_presetversion")


def _sqlite() -> list[str]:
    statements = [
        "CREATE TRIGGER generation_task_id_stays BEFORE UPDATE OF provider_task_id"
        " ON generations_generation"
        " WHEN OLD.provider_task_id IS NOT NULL"
        " AND NEW.provider_task_id IS NOT OLD.provider_task_id"
        " BEGIN SELECT RAISE(ABORT, 'provider_task_id never changes'); END"
    ]
    statements += [
        f"CREATE TRIGGER {table}_stays BEFORE UPDATE ON {table}"
        f" BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        for table in FROZEN_TABLES
    ]
    return statements


def _postgresql() -> list[str]:
    statements = [
        "CREATE FUNCTION generations_refuse_update() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION '% may not change', TG_ARGV[0]"
        " USING ERRCODE = 'integrity_constraint_violation'; END $$",
        "CREATE TRIGGER generation_task_id_stays BEFORE UPDATE OF provider_task_id"
        " ON generations_generation FOR EACH ROW"
        " WHEN (OLD.provider_task_id IS NOT NULL"
        " AND NEW.provider_task_id IS DISTINCT FROM OLD.provider_task_id)"
        " EXECUTE FUNCTION generations_refuse_update('provider_task_id')",
    ]
    statements += [
        f"CREATE TRIGGER {table}_stays BEFORE UPDATE ON {table} FOR EACH ROW"
        f" EXECUTE FUNCTION generations_refuse_update('{table}')"
        for table in FROZEN_TABLES
    ]
    return statements


def install(apps, schema_editor):
    vendor = schema_editor.connection.vendor
    for statement in _postgresql() if vendor == "postgresql" else _sqlite():
        schema_editor.execute(statement, params=None)


def remove(apps, schema_editor):
    on_table = schema_editor.connection.vendor == "postgresql"
    for name, table in [
        ("generation_task_id_stays", "generations_generation"),
        *((f"{table}_stays", table) for table in FROZEN_TABLES),
    ]:
        schema_editor.execute(f"DROP TRIGGER {name}" + (f" ON {table}" if on_table else ""))
    if on_table:
        schema_editor.execute("DROP FUNCTION generations_refuse_update()")


class Migration(migrations.Migration):
    dependencies = [("generations", "0001_first_tables")]
    operations = [migrations.RunPython(install, remove)]
