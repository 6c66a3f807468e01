-- Written by `npm run schema:dump` after the last migration. Not run by anyone: see the migrations.

create table api_key_use (
  api_key_id uuid not null,
  last_used_at timestamp with time zone not null
);
CREATE UNIQUE INDEX api_key_use_pkey ON public.api_key_use USING btree (api_key_id);

create table api_keys_v1 (
  id uuid not null,
  name text not null,
  facility_id uuid not null,
  device_id uuid,
  scopes text[] not null,
  status text not null,
  expires_at timestamp with time zone,
  created_at timestamp with time zone not null
);
CREATE UNIQUE INDEX api_keys_v1_pkey ON public.api_keys_v1 USING btree (id);

create table audit_chain (
  seq bigint not null,
  event_id uuid not null,
  hash bytea not null
);
CREATE UNIQUE INDEX audit_chain_pkey ON public.audit_chain USING btree (seq);

create table audit_chain_end (
  one boolean not null default true,
  seq bigint not null,
  position numeric(20,0),
  event_id uuid,
  hash bytea not null
);
CREATE UNIQUE INDEX audit_chain_end_pkey ON public.audit_chain_end USING btree (one);

create table audit_v1 (
  position bigint not null,
  id uuid not null,
  at timestamp with time zone,
  action text not null,
  actor_kind text,
  actor_id text,
  facility_id uuid,
  resource text not null,
  resource_id text not null,
  revision bigint not null,
  correlation_id uuid,
  data text not null
);
CREATE UNIQUE INDEX audit_v1_pkey ON public.audit_v1 USING btree ("position");

create table device_firmware_v1 (
  id uuid not null,
  version text,
  precedence text,
  observed_at timestamp with time zone,
  release_id uuid,
  release_version text,
  outcome text,
  kind text,
  detail text,
  rollout_id uuid,
  attempt integer,
  reported_at timestamp with time zone
);
CREATE UNIQUE INDEX device_firmware_v1_pkey ON public.device_firmware_v1 USING btree (id);

create table device_presence (
  device_id uuid not null,
  last_seen_at timestamp with time zone not null,
  firmware_version text,
  uptime_secs bigint,
  rssi integer,
  free_memory bigint,
  battery_mv integer
);
CREATE UNIQUE INDEX device_presence_pkey ON public.device_presence USING btree (device_id);

create table devices_v1 (
  id uuid not null,
  facility_id uuid not null,
  name text not null,
  serial text not null,
  model text not null,
  status text not null,
  created_at timestamp with time zone not null
);
CREATE UNIQUE INDEX devices_v1_pkey ON public.devices_v1 USING btree (id);

create table facilities_v1 (
  id uuid not null,
  name text not null,
  code text not null,
  timezone text,
  address text,
  status text not null,
  created_at timestamp with time zone not null
);
CREATE UNIQUE INDEX facilities_v1_pkey ON public.facilities_v1 USING btree (id);

create table firmware_channels_v1 (
  id uuid not null,
  device_model text not null,
  facility_id uuid,
  active_release_id uuid,
  active_version text,
  active_precedence text,
  active_by text,
  active_since timestamp with time zone,
  security_floor integer not null,
  rollout_id uuid,
  offered text[] not null,
  activated text[] not null,
  created_at timestamp with time zone not null
);
CREATE UNIQUE INDEX firmware_channels_v1_pkey ON public.firmware_channels_v1 USING btree (id);

create table firmware_channels_v2 (
  id uuid not null,
  device_model text not null,
  facility_id uuid,
  active_release_id uuid,
  active_version text,
  active_precedence text,
  active_by text,
  active_since timestamp with time zone,
  security_floor integer not null,
  rollout_id uuid,
  offered text[] not null,
  activated text[] not null,
  told jsonb not null,
  left_versions text[] not null,
  created_at timestamp with time zone not null
);
CREATE UNIQUE INDEX firmware_channels_v2_pkey ON public.firmware_channels_v2 USING btree (id);

create table firmware_keys_v1 (
  id uuid not null,
  facility_id uuid,
  name text,
  public_key text not null,
  status text not null,
  created_at timestamp with time zone not null
);
CREATE UNIQUE INDEX firmware_keys_v1_pkey ON public.firmware_keys_v1 USING btree (id);

create table firmware_releases_v1 (
  id uuid not null,
  device_model text not null,
  version text not null,
  facility_id uuid,
  status text not null,
  is_active boolean not null,
  object_key text not null,
  file_name text not null,
  size_bytes bigint not null,
  sha256 text not null,
  notes text,
  min_version text,
  security_version integer,
  signature text,
  key_id uuid,
  withdrawal_reason text,
  created_at timestamp with time zone not null
);
CREATE UNIQUE INDEX firmware_releases_v1_pkey ON public.firmware_releases_v1 USING btree (id);

create table firmware_rollout_devices_v1 (
  id uuid not null,
  rollout_id uuid not null,
  device_id uuid not null,
  facility_id uuid not null,
  outcome text not null,
  kind text,
  detail text,
  attempt integer not null,
  reported_at timestamp with time zone not null
);
CREATE UNIQUE INDEX firmware_rollout_devices_v1_pkey ON public.firmware_rollout_devices_v1 USING btree (id);

create table firmware_rollouts_v1 (
  id uuid not null,
  device_model text not null,
  facility_id uuid,
  release_id uuid not null,
  version text not null,
  previous_release_id uuid,
  status text not null,
  reason text,
  percent double precision not null,
  ladder jsonb not null,
  dwell_secs integer not null,
  advance text not null,
  success_percent double precision not null,
  halt jsonb not null,
  gates jsonb,
  attempt integer not null,
  started_at timestamp with time zone not null,
  step_since timestamp with time zone not null,
  ended_at timestamp with time zone
);
CREATE UNIQUE INDEX firmware_rollouts_v1_pkey ON public.firmware_rollouts_v1 USING btree (id);

create table firmware_rollouts_v2 (
  id uuid not null,
  device_model text not null,
  facility_id uuid,
  release_id uuid not null,
  version text not null,
  previous_release_id uuid,
  status text not null,
  reason text,
  percent double precision not null,
  ladder jsonb not null,
  dwell_secs integer not null,
  advance text not null,
  success_percent double precision not null,
  step_min_devices integer,
  halt jsonb not null,
  gates jsonb,
  attempt integer not null,
  started_at timestamp with time zone not null,
  step_since timestamp with time zone not null,
  ended_at timestamp with time zone
);
CREATE UNIQUE INDEX firmware_rollouts_v2_pkey ON public.firmware_rollouts_v2 USING btree (id);

create table gpu_servers_v1 (
  id uuid not null,
  name text not null,
  url text not null,
  has_token boolean not null,
  max_concurrency integer not null,
  status text not null,
  health text not null,
  health_since timestamp with time zone,
  reason text,
  models jsonb not null,
  created_at timestamp with time zone not null
);
CREATE UNIQUE INDEX gpu_servers_v1_pkey ON public.gpu_servers_v1 USING btree (id);

create table inference_jobs_v1 (
  id uuid not null,
  upload_id uuid not null,
  facility_id uuid not null,
  status text not null,
  model text not null,
  model_version text,
  params jsonb,
  priority text not null,
  rerun_of uuid,
  server_id uuid,
  attempt integer not null,
  error text,
  result jsonb,
  stored_result jsonb,
  lineage jsonb,
  requested_at timestamp with time zone not null,
  started_at timestamp with time zone,
  finished_at timestamp with time zone
);
CREATE UNIQUE INDEX inference_jobs_v1_pkey ON public.inference_jobs_v1 USING btree (id);

create table open_jobs (
  kind text not null,
  position numeric(20,0) not null,
  event_id uuid not null
);
CREATE UNIQUE INDEX open_jobs_pkey ON public.open_jobs USING btree (kind);

create table projection_groups (
  name text not null,
  position numeric(20,0),
  updated_at timestamp with time zone not null default now(),
  event_id uuid
);
CREATE UNIQUE INDEX projection_groups_pkey ON public.projection_groups USING btree (name);

create table projections (
  name text not null,
  version integer not null,
  state text not null,
  position numeric(20,0),
  error jsonb,
  updated_at timestamp with time zone not null default now(),
  serving boolean not null default true,
  expected jsonb,
  progress jsonb,
  event_id uuid,
  paused text,
  passed_over jsonb
);
CREATE UNIQUE INDEX projections_pkey ON public.projections USING btree (name, version);
CREATE UNIQUE INDEX projections_serving ON public.projections USING btree (name) WHERE serving;

create table reactions (
  name text not null,
  position numeric(20,0) not null,
  event_id uuid
);
CREATE UNIQUE INDEX reactions_pkey ON public.reactions USING btree (name);

create table resource_events_v1 (
  resource text not null,
  id uuid not null,
  position numeric(20,0) not null,
  stream text not null,
  revision integer not null
);
CREATE UNIQUE INDEX resource_events_v1_pkey ON public.resource_events_v1 USING btree (resource, id, "position");

create table resource_events_v2 (
  id uuid not null,
  position bigint not null,
  revision integer not null,
  resource text not null,
  stream text not null
);
CREATE UNIQUE INDEX resource_events_v2_pkey ON public.resource_events_v2 USING btree (id, "position");

create table resource_events_v3 (
  id uuid not null,
  position bigint not null,
  revision integer not null,
  resource text not null,
  stream text not null
);
CREATE UNIQUE INDEX resource_events_v3_pkey ON public.resource_events_v3 USING btree (id, "position");

create table sessions_v1 (
  id uuid not null,
  user_id uuid not null,
  address text not null,
  user_agent text not null,
  status text not null,
  end_reason text,
  started_at timestamp with time zone not null,
  refreshed_at timestamp with time zone not null,
  expires_at timestamp with time zone not null
);
CREATE UNIQUE INDEX sessions_v1_pkey ON public.sessions_v1 USING btree (id);

create table sessions_v2 (
  id uuid not null,
  user_id uuid not null,
  status text not null,
  end_reason text,
  started_at timestamp with time zone not null,
  refreshed_at timestamp with time zone not null,
  expires_at timestamp with time zone not null
);
CREATE UNIQUE INDEX sessions_v2_pkey ON public.sessions_v2 USING btree (id);

create table tags_v1 (
  id uuid not null,
  facility_id uuid not null,
  name text not null,
  status text not null,
  created_at timestamp with time zone not null
);
CREATE UNIQUE INDEX tags_v1_pkey ON public.tags_v1 USING btree (id);

create table transcode_jobs_v1 (
  id uuid not null,
  upload_id uuid not null,
  facility_id uuid not null,
  status text not null,
  formats text[] not null,
  bitrate integer not null,
  attempt integer not null,
  error text,
  requested_at timestamp with time zone not null,
  started_at timestamp with time zone,
  finished_at timestamp with time zone
);
CREATE UNIQUE INDEX transcode_jobs_v1_pkey ON public.transcode_jobs_v1 USING btree (id);

create table uploads_v1 (
  id uuid not null,
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
  recorded_at timestamp with time zone,
  created_at timestamp with time zone not null
);
CREATE UNIQUE INDEX uploads_v1_pkey ON public.uploads_v1 USING btree (id);

create table uploads_v2 (
  id uuid not null,
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
  recorded_at timestamp with time zone,
  created_at timestamp with time zone not null,
  was text,
  deleted_at timestamp with time zone,
  purged_at timestamp with time zone
);
CREATE UNIQUE INDEX uploads_v2_pkey ON public.uploads_v2 USING btree (id);

create table users_v1 (
  id uuid not null,
  email text not null,
  name text not null,
  role text not null,
  facility_id uuid,
  status text not null,
  must_change_password boolean not null,
  created_at timestamp with time zone not null
);
CREATE UNIQUE INDEX users_v1_pkey ON public.users_v1 USING btree (id);
