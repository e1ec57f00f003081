-- Dagster's events and the lake's catalog are two databases on one server; this creates the second one.
CREATE DATABASE lake;
