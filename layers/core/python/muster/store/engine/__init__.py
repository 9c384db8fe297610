"""The task engine in the table: jobs, leases, spots, and what moves them. The rules are in muster.core."""
