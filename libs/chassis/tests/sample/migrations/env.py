from chassis.storage.migration_environment import run

run()
