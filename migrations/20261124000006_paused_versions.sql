-- Why an operator had the group follow a version no longer, until it is resumed; null: nobody has.
alter table projections add column paused text;
