"""Tests of the project itself: definitions, settings, documents, requirements and package."""
