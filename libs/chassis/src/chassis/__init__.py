"""What Tandem's services stand on: storage, HTTP edge, events, jobs, commands, telemetry.

Not one business noun lives here. A service describes itself by `chassis.service.Service`; from
that description the chassis builds its web application, its worker and its command line.
"""
