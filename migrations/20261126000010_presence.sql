-- No read models: nothing of this is in the log, and all of it may be forgotten. Written in batches, over and over: rows leave room for that.
create table device_presence (
  device_id uuid primary key,
  last_seen_at timestamptz not null,
  firmware_version text,
  uptime_secs bigint,
  rssi integer,
  free_memory bigint,
  battery_mv integer
) with (fillfactor = 70);

create table api_key_use (
  api_key_id uuid primary key,
  last_used_at timestamptz not null
) with (fillfactor = 70);
