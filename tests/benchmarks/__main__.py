"""`make benchmark`: the path of an event, then the main job, once each."""

from tests.benchmarks import event_path, main_job

event_path.main(event_path.SEEKERS)
main_job.main()
