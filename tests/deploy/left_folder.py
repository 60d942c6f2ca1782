"""Leaves the working folder of a transcoding that was cancelled, for the dispatcher to remove."""

import boto3

from scenequeue.jobs.ids import check_job_id
from scenequeue.jobs.item import WorkItem
from scenequeue.jobs.job import JobSpec
from scenequeue.queue import SceneQueue
from scenequeue.settings import SceneburstSettings


def leave_working_folder(bucket: str, redis_url: str, namespace: str) -> None:
    """Put a plan where such a job has it, and cancel the job."""
    key = "outputs/films/.sceneburst/cancelled"
    boto3.client("s3").put_object(Bucket=bucket, Key=f"{key}/0/plan.json", Body=b"{}")
    queue = SceneQueue(SceneburstSettings.load(redis_url=redis_url, namespace=namespace))
    spec = JobSpec(job_id=check_job_id("cancelled"), work_folder=f"s3://{bucket}/{key}")
    queue.producer.submit(spec, [[WorkItem(name="probe", payload={})]])
    queue.producer.cancel(spec.job_id)
    queue.close()
