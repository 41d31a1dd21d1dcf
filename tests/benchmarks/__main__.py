"""`make benchmark`: the main job, once."""

from tests.benchmarks.main_job import main

main()
