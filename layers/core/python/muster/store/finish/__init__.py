"""What comes after a job's end: its finish on the head, the steps of the workflow, reports and deliveries."""
