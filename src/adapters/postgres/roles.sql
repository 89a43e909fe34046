-- Two roles beside the schema's owner, each with no more than its work takes. They are groups that
-- nobody logs in as: a login is made a member (GRANT remit_writer TO …). Safe to run again.
DO $$
DECLARE
    role text;
BEGIN
    FOREACH role IN ARRAY ARRAY['remit_writer', 'remit_reader'] LOOP
        BEGIN
            EXECUTE format('CREATE ROLE %I NOLOGIN', role);
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL;
        END;
        EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA %I FROM %I', current_schema(), role);
        EXECUTE format('REVOKE ALL ON ALL SEQUENCES IN SCHEMA %I FROM %I', current_schema(), role);
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', current_schema(), role);
        EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA %I TO %I', current_schema(), role);
        EXECUTE format(
            'ALTER DEFAULT PRIVILEGES IN SCHEMA %I GRANT SELECT ON TABLES TO %I', current_schema(), role
        );
    END LOOP;

    -- `remit serve` and `remit work`: what is folded from the log, and jobs, come and go …
    EXECUTE format(
        'GRANT INSERT, UPDATE, DELETE, TRUNCATE ON ALL TABLES IN SCHEMA %I TO remit_writer',
        current_schema()
    );
    EXECUTE format('GRANT USAGE ON ALL SEQUENCES IN SCHEMA %I TO remit_writer', current_schema());
    EXECUTE format(
        'ALTER DEFAULT PRIVILEGES IN SCHEMA %I'
        ' GRANT INSERT, UPDATE, DELETE, TRUNCATE ON TABLES TO remit_writer', current_schema()
    );
    EXECUTE format(
        'ALTER DEFAULT PRIVILEGES IN SCHEMA %I GRANT USAGE ON SEQUENCES TO remit_writer',
        current_schema()
    );
END;
$$;

-- … but what happened is only ever added to, and what a key was used for stands.
REVOKE UPDATE, DELETE, TRUNCATE ON remit_events, commands FROM remit_writer;
-- Erasing is deleting a key; nobody exchanges one, or throws all of them away.
REVOKE TRUNCATE ON data_subjects FROM remit_writer;
REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON schema_migrations FROM remit_writer;

-- Auditors and analysts read everything but keys, the sealed facts stay sealed for them.
REVOKE SELECT ON data_subjects, commands FROM remit_reader;
