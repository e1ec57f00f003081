"""Tests of the schedules, the sensors, the alerts and the freshness checks."""
