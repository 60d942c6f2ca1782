"""English sentences for the reasons of a producer."""

from collections.abc import Mapping

SENTENCES: Mapping[str, str] = {
    # --- the place of a mistake ---
    "at_line": "{place} (line {line})",
    "field": "{name}",
    "part": "{whole}: {part}",
    "same_as": "the same as for {pointer}",
    "scene_called": "scene {name:quoted}",
    "scene_named": "scene {number} ({name})",
    # --- a form that cannot be read ---
    "field_missing": "{field:quoted} is missing",
    "field_unknown": "unknown option {field:quoted}",
    "field_unknown_near": "unknown option {field:quoted}, did you mean {near:quoted}?",
    "key_unknown": "unknown key {key:quoted}",
    "key_unknown_near": "unknown key {key:quoted}, did you mean {near:quoted}?",
    "labels_malformed": "labels: a mapping of names to words is needed",
    "not_film": "{type:type} is not a film; true, or name, crossfade_s, music and title are",
    "not_options": "{type:type} is not options; RenderOptions or a mapping of their names are",
    "not_scene": "{type:type} is not a scene; a Scene or a mapping with name, image and audio is",
    "scenes_malformed": "scenes: a list with at least one scene is needed",
    # --- scenes and their film ---
    "film_called_alike": "the film of this job is called {name:quoted} too",
    "film_needs_one": (
        "all scenes of a film need the same value, and the job's is {value}; leave it out here, or set it for the whole job"
    ),
    "film_too_long": "a film has at most {limit} scenes; make several films",
    "mistakes_left_out": "… and {more} more",
    "name_taken": "{scene} has this name too; each needs one of its own",
    "no_scenes": "there are no scenes",
    # --- a transcoding ---
    "not_source": "{place:quoted} is neither a path nor an address",
    "profile": "profile {profile}",
    "profile_malformed": "{path} is not TOML in UTF-8: {problem}",
    "profile_too_large": "{path} has more than {limit} bytes, and is no profile",
    "profile_unknown": "there is no profile {path}; {known} are built in, or name a TOML file",
    # --- inputs and outputs ---
    "address_of_lines": "an address is one line without tabs",
    "address_too_long": "{length} characters are more than the {limit} of an address",
    "changed_while_uploaded": "{path} changed while it was uploaded; submit again",
    "local_file_empty": "{path} is empty, 0 bytes",
    "local_file_unreadable": "{path} cannot be read: {problem}",
    "no_file": "there is no file {path}",
    "not_file": "{path} is not a file",
    "not_input": "{place:quoted} is neither a local path nor an s3://, https:// or file:// address",
    "not_output": "{place:quoted} is neither a folder nor an address",
    "output_among_working_files": (
        "{place:quoted} is in a folder .sceneburst, whose files are deleted with their job; name another one"
    ),
    "output_unwritable": "{place:quoted} cannot be written; a folder, s3://bucket/… or file:///… can",
    "outside_api_roots": "{place:quoted} is outside the folders that SCENEBURST_FILE_ROOTS of the API allows",
    "path_for_address": "{place:quoted} is a path; an address is needed, as in s3://bucket/key",
    "place_empty": "the path or address is empty",
    # --- what containers reach ---
    "fargate_reads_nothing": "{place} is on this machine, where containers on Fargate read nothing; {instead}",
    "fargate_writes_nothing": "{place} is on this machine, where containers on Fargate write nothing; {instead}",
    "link_out_of_shared": (
        "{shared}, and the link {link} leads out of there; put what it leads to in its place, or start the dispatcher with "
        "{setting}, or {instead}"
    ),
    "outside_shared": "{shared}; start it with {setting}, or {instead}",
    "roots": "SCENEBURST_FILE_ROOTS={roots}",
    "roots_of_docker": "SCENEBURST_FILE_ROOTS={roots} and SCENEBURST_DOCKER_VOLUMES={volumes}",
    "roots_of_process": "SCENEBURST_FILE_ROOTS={roots} (`sceneburst up`: {options})",
    "same_holds": "{mistake} (the same holds for {places:, })",
    "same_holds_further": "{mistake} (the same holds for {places:, } and {more} more)",
    "shared_folders": "the dispatcher lets them use files only under {folders}",
    "shared_nothing": "the dispatcher lets them use no local files at all",
    "unreadable_there": "containers cannot read {place}: {problem}",
    "unwritable_there": "containers cannot write {place}: {problem}",
    "upload_instead": "set SCENEBURST_INPUTS=s3://BUCKET/inputs here, which uploads local files",
    "without_credentials": (
        "their dispatcher finds no AWS credentials; start it with AWS's own environment variables (AWS_PROFILE, or "
        "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY)"
    ),
    "write_to_s3_instead": "name an output that is an s3:// address",
    # --- a job that is waited for ---
    "deliveries_failed": "{failed} of {deliveries} deliveries failed; this is the first",
    "delivery_unwritable": "{path} cannot be written: {problem}",
    "not_ended": "job {job_id} has not ended within {timeout_s} s, and goes on",
    "not_ended_waits": "job {job_id} has not ended within {timeout_s} s, and goes on; it waits: {why}",
    "result_gone": (
        "{problem}; it was moved or deleted after it was made, or lies on another machine; to make it again, submit its scene "
        "under another job id"
    ),
    "results_called_alike": "{name:quoted}: two results of this job have this name",
    "size_differs": "{uri} arrived with {received:1 byte|# bytes} instead of {size}",
}
