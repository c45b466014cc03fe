from chassis.schema.environment import run

run()
