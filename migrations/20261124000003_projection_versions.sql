-- Versions of a projection stand side by side: the one that is read, one that is being built, one to go back to.
alter table projections drop constraint projections_pkey;
alter table projections add primary key (name, version);

-- Whether the view of that name shows this version.
alter table projections add column serving boolean not null default true;

-- What a build found in the log, for the verification to compare the table with: {rows, checksum}.
alter table projections add column expected jsonb;

-- How far a build is: {events, per_second, target, started_at}.
alter table projections add column progress jsonb;
