-- The event at the position, as in projection_groups: where the log has another one there, the reaction looks at all of it again. Null: not kept yet.
alter table reactions add column event_id uuid;
