import SQLGeneration

/// The ledger (台账): what was done to the library, by whom, when, and with how many rows; in the schema `sitong`.
enum LedgerTables {
    /// What makes each version of a library out of the one before; a version that was published is never changed.
    static let versions = [first, second, third, fourth, fifth]

    /// The version that this program reads and writes.
    static var current: Int { versions.count }

    /// Which versions a library has been brought to.
    static let versionTable = """
        CREATE SCHEMA IF NOT EXISTS sitong;
        CREATE TABLE IF NOT EXISTS sitong.library_version (
            version    integer PRIMARY KEY,
            applied_at timestamptz NOT NULL DEFAULT now()
        )
        """

    /// Cases that a form could not decide, beside its figures.
    private static let fifth = """
        CREATE TABLE sitong.undecided (
            run    text NOT NULL,
            form   text NOT NULL,
            court  text NOT NULL,
            period text NOT NULL,
            cases  bigint NOT NULL,
            PRIMARY KEY (run, form, court, period)
        );
        COMMENT ON TABLE sitong.undecided IS 'cases of the court itself that are in no cell of the form';
        """

    /// Periods are closed: with their figures and the cases behind each cell.
    private static let fourth = """
        CREATE TABLE sitong.period_closing (
            closing       bigint PRIMARY KEY,
            period        text NOT NULL,
            closed_at     timestamptz NOT NULL DEFAULT now(),
            last_batch    bigint NOT NULL,
            reason        text,
            reopened_at   timestamptz,
            reopen_reason text,
            CHECK ((reopened_at IS NULL) = (reopen_reason IS NULL))
        );
        CREATE UNIQUE INDEX period_closing_period_idx ON sitong.period_closing (period) WHERE reopened_at IS NULL;

        CREATE TABLE sitong.closed_figure (
            closing     bigint NOT NULL REFERENCES sitong.period_closing,
            form        text NOT NULL,
            court       text NOT NULL,
            row_code    text NOT NULL,
            column_code text NOT NULL,
            value       numeric,
            own         numeric,
            PRIMARY KEY (closing, form, court, row_code, column_code)
        );

        CREATE TABLE sitong.closed_case (
            closing bigint NOT NULL REFERENCES sitong.period_closing,
            form    text NOT NULL,
            key     text[] NOT NULL,
            court   text NOT NULL,
            cells   text[] NOT NULL,
            PRIMARY KEY (closing, form, key)
        );
        COMMENT ON COLUMN sitong.closed_case.cells IS 'the cells that count the case, each as row,column by their codes'
        """

    /// Rows in quarantine have numbers, and the columns with which they can be read again.
    private static let third = """
        ALTER TABLE sitong.quarantine ADD COLUMN id bigint, ADD COLUMN columns text, ADD COLUMN resolved_at timestamptz,
            DROP CONSTRAINT quarantine_state_check,
            ADD CONSTRAINT quarantine_state_check CHECK (state IN ('open', 'fixed', 'superseded', 'waived'));
        UPDATE sitong.quarantine q SET id = n.id
        FROM (SELECT batch, part, row, row_number() OVER (ORDER BY batch, part, row) AS id FROM sitong.quarantine) n
        WHERE (q.batch, q.part, q.row) = (n.batch, n.part, n.row);
        ALTER TABLE sitong.quarantine ALTER COLUMN id SET NOT NULL, ADD CONSTRAINT quarantine_id_key UNIQUE (id);
        COMMENT ON COLUMN sitong.quarantine.columns IS 'the header of the part, as CSV; NULL when the bytes are no row'
        """

    /// Batches can be undone: `reverted` is one that was, `revert` the undoing, numbered like a batch since it brings rows.
    private static let second = """
        ALTER TABLE sitong.batch DROP CONSTRAINT batch_status_check, DROP CONSTRAINT batch_check,
            ADD CONSTRAINT batch_status_check CHECK (status IN ('loaded', 'rejected', 'reverted', 'revert')),
            ADD CONSTRAINT batch_check CHECK ((status = 'rejected') = (number IS NULL));
        ALTER TABLE sitong.load_part DROP CONSTRAINT load_part_batch_fkey,
            ADD CONSTRAINT load_part_batch_fkey FOREIGN KEY (batch) REFERENCES sitong.batch
                ON UPDATE CASCADE ON DELETE CASCADE;
        ALTER TABLE sitong.quarantine DROP CONSTRAINT quarantine_batch_fkey,
            ADD CONSTRAINT quarantine_batch_fkey FOREIGN KEY (batch) REFERENCES sitong.batch
                ON UPDATE CASCADE ON DELETE CASCADE;
        ALTER TABLE sitong.watermark DROP CONSTRAINT watermark_batch_fkey,
            ADD CONSTRAINT watermark_batch_fkey FOREIGN KEY (batch) REFERENCES sitong.batch ON UPDATE CASCADE
        """

    private static let first = """
        CREATE SCHEMA IF NOT EXISTS sitong;

        CREATE TABLE IF NOT EXISTS sitong.schema_version (
            version    bigint PRIMARY KEY,
            applied_at timestamptz NOT NULL DEFAULT now(),
            statements text NOT NULL
        );

        CREATE TABLE IF NOT EXISTS sitong.run (
            run         text PRIMARY KEY,
            pipeline    text,
            period      text,
            status      text NOT NULL CHECK (status IN ('running', 'succeeded', 'findings', 'failed', 'interrupted')),
            exit_status integer,
            started_at  timestamptz NOT NULL,
            finished_at timestamptz
        );

        CREATE TABLE IF NOT EXISTS sitong.step (
            run         text NOT NULL,
            step        text NOT NULL,
            attempt     integer NOT NULL,
            status      text NOT NULL CHECK (status IN ('running', 'succeeded', 'findings', 'failed', 'interrupted')),
            exit_status integer,
            rows_in     bigint,
            rows_out    bigint,
            started_at  timestamptz NOT NULL,
            finished_at timestamptz,
            PRIMARY KEY (run, step, attempt)
        );

        CREATE TABLE IF NOT EXISTS sitong.batch (
            batch           text PRIMARY KEY,
            number          bigint UNIQUE,
            source          text NOT NULL,
            sequence        bigint NOT NULL,
            digest          text NOT NULL,
            previous_digest text,
            court           text,
            period          text,
            status          text NOT NULL CHECK (status IN ('loaded', 'rejected')),
            reason          text,
            manifest        jsonb,
            run             text,
            loaded_at       timestamptz NOT NULL DEFAULT now(),
            CHECK ((status = 'loaded') = (number IS NOT NULL))
        );
        COMMENT ON COLUMN sitong.batch.number IS 'order in which batches were loaded, without gaps; the tables'' sitong_batch';
        CREATE UNIQUE INDEX IF NOT EXISTS batch_source_sequence_idx ON sitong.batch (source, sequence)
            WHERE status = 'loaded';

        CREATE TABLE IF NOT EXISTS sitong.load_part (
            batch       text NOT NULL REFERENCES sitong.batch ON DELETE CASCADE,
            part        text NOT NULL,
            digest      text NOT NULL,
            table_name  text NOT NULL,
            rows_in     bigint NOT NULL,
            inserted    bigint NOT NULL,
            updated     bigint NOT NULL,
            unchanged   bigint NOT NULL,
            superseded  bigint NOT NULL,
            quarantined bigint NOT NULL,
            deleted     bigint NOT NULL,
            adjusted    bigint NOT NULL,
            PRIMARY KEY (batch, part),
            CONSTRAINT conservation CHECK (
                rows_in = inserted + updated + unchanged + superseded + quarantined + deleted + adjusted)
        );

        CREATE TABLE IF NOT EXISTS sitong.quarantine (
            batch       text NOT NULL REFERENCES sitong.batch ON DELETE CASCADE,
            part        text NOT NULL,
            row         bigint NOT NULL,
            line        bigint,
            table_name  text NOT NULL,
            column_name text,
            reason      text NOT NULL,
            message_en  text NOT NULL,
            message_zh  text NOT NULL,
            raw         bytea NOT NULL,
            state       text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'fixed', 'waived')),
            PRIMARY KEY (batch, part, row)
        );

        CREATE TABLE IF NOT EXISTS sitong.watermark (
            source     text NOT NULL,
            table_name text NOT NULL,
            value      text NOT NULL,
            batch      text NOT NULL REFERENCES sitong.batch,
            PRIMARY KEY (source, table_name)
        );

        CREATE TABLE IF NOT EXISTS sitong.finding (
            run      text NOT NULL,
            number   bigint NOT NULL,
            rule     text NOT NULL,
            severity text NOT NULL,
            table_name text NOT NULL,
            key      text,
            row      bigint,
            court    text,
            message  text NOT NULL,
            PRIMARY KEY (run, number)
        );
        CREATE INDEX IF NOT EXISTS finding_run_rule_court_idx ON sitong.finding (run, rule, court);

        CREATE TABLE IF NOT EXISTS sitong.finding_count (
            run   text NOT NULL,
            rule  text NOT NULL,
            court text NOT NULL,
            count bigint NOT NULL,
            PRIMARY KEY (run, rule, court)
        );

        CREATE TABLE IF NOT EXISTS sitong.rule_stat (
            run           text NOT NULL,
            kind          text NOT NULL,
            number        bigint NOT NULL,
            rule          text NOT NULL,
            title         text NOT NULL,
            subject       text NOT NULL,
            severity      text NOT NULL,
            builtin       boolean NOT NULL,
            rows_in_scope bigint NOT NULL,
            applicable    bigint NOT NULL,
            true_count    bigint NOT NULL,
            false_count   bigint NOT NULL,
            undecided_count bigint NOT NULL,
            error_count   bigint NOT NULL,
            stored        bigint NOT NULL,
            truncated     boolean NOT NULL,
            not_run       text,
            PRIMARY KEY (run, kind, number)
        );

        CREATE TABLE IF NOT EXISTS sitong.figure (
            run      text NOT NULL,
            form     text NOT NULL,
            court    text NOT NULL,
            period   text NOT NULL,
            row_code text NOT NULL,
            column_code text NOT NULL,
            value    numeric,
            own      numeric,
            source   text NOT NULL,
            PRIMARY KEY (run, form, court, period, row_code, column_code, source)
        );

        CREATE TABLE IF NOT EXISTS sitong.mismatch (
            run        text NOT NULL,
            number     bigint NOT NULL,
            rule       text NOT NULL,
            severity   text NOT NULL,
            form       text NOT NULL,
            court      text,
            period     text,
            row_code   text,
            column_code text,
            expected   numeric,
            actual     numeric,
            difference numeric,
            message    text NOT NULL,
            side       text NOT NULL CHECK (side IN ('computed', 'submitted', 'both')),
            PRIMARY KEY (run, number)
        );
        """
}
