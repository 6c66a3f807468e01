create table facilities_v1 (
  id uuid primary key,
  name text not null,
  code text not null,
  timezone text,
  address text,
  status text not null,
  created_at timestamptz not null
);

create table users_v1 (
  id uuid primary key,
  email text not null,
  name text not null,
  role text not null,
  facility_id uuid,
  status text not null,
  must_change_password boolean not null,
  created_at timestamptz not null
);

create table sessions_v1 (
  id uuid primary key,
  user_id uuid not null,
  address text not null,
  user_agent text not null,
  status text not null,
  end_reason text,
  started_at timestamptz not null,
  refreshed_at timestamptz not null,
  expires_at timestamptz not null
);

create table api_keys_v1 (
  id uuid primary key,
  name text not null,
  facility_id uuid not null,
  device_id uuid,
  scopes text[] not null,
  status text not null,
  expires_at timestamptz,
  created_at timestamptz not null
);

create table devices_v1 (
  id uuid primary key,
  facility_id uuid not null,
  name text not null,
  serial text not null,
  model text not null,
  status text not null,
  created_at timestamptz not null
);

create table uploads_v1 (
  id uuid primary key,
  facility_id uuid not null,
  device_id uuid,
  file_name text not null,
  title text,
  notes text,
  content_type text not null,
  object_key text not null,
  size_bytes bigint not null,
  sha256 text not null,
  metadata jsonb,
  status text not null,
  container text,
  codec text,
  duration_ms bigint,
  sample_rate_hz integer,
  channels integer,
  tags uuid[] not null,
  renditions jsonb not null,
  peaks jsonb,
  loudness_lufs double precision,
  error text,
  recorded_at timestamptz,
  created_at timestamptz not null
);

create table transcode_jobs_v1 (
  id uuid primary key,
  upload_id uuid not null,
  facility_id uuid not null,
  status text not null,
  formats text[] not null,
  bitrate integer not null,
  attempt integer not null,
  error text,
  requested_at timestamptz not null,
  started_at timestamptz,
  finished_at timestamptz
);
