"""The spot agent: claims tasks, runs them in processes of their own, and answers for every one."""
