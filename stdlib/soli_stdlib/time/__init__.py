"""Instants, durations, their texts, schedules."""
