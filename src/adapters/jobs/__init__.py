"""Jobs: what has to happen without anybody asking, done once by any number of workers.

Jobs are kept by procrastinate, in tables of its own. Every second one worker looks for what has
come due (`moments`) or is to be sent (`deliveries`) and puts a job for each in line; all workers
take jobs. A job may run twice, after a worker died in it: the decision's own history says whether
its work was done, so the second time nothing happens.
"""
