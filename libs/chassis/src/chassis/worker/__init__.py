"""What runs behind the API: jobs, schedules, the sequencer and the relay."""
