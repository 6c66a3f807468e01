-- Without where a session was opened from: that is the person's, sealed in the log, and read there.
create table sessions_v2 (
  id uuid primary key,
  user_id uuid not null,
  status text not null,
  end_reason text,
  started_at timestamptz not null,
  refreshed_at timestamptz not null,
  expires_at timestamptz not null
);
