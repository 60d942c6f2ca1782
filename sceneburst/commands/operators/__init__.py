"""Commands of operators, which look into the queue and steer it."""
