-- Positions of events that the rows were made without, because an operator said so; null: written before this was kept.
alter table projections add column passed_over jsonb;
