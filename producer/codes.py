"""Codes of the reasons that a producer gives: mistakes in a submission, and results of waiting."""

from enum import StrEnum


class Code(StrEnum):
    """One reason each; `sceneburst/words/` has a sentence for every code."""

    # --- the place of a mistake ---
    AT_LINE = "at_line"
    FIELD = "field"
    PART = "part"
    SAME_AS = "same_as"
    SCENE_CALLED = "scene_called"
    SCENE_NAMED = "scene_named"

    # --- a form that cannot be read ---
    FIELD_MISSING = "field_missing"
    FIELD_UNKNOWN = "field_unknown"
    FIELD_UNKNOWN_NEAR = "field_unknown_near"
    KEY_UNKNOWN = "key_unknown"
    KEY_UNKNOWN_NEAR = "key_unknown_near"
    LABELS_MALFORMED = "labels_malformed"
    NOT_FILM = "not_film"
    NOT_OPTIONS = "not_options"
    NOT_SCENE = "not_scene"
    SCENES_MALFORMED = "scenes_malformed"

    # --- scenes and their film ---
    FILM_CALLED_ALIKE = "film_called_alike"
    FILM_NEEDS_ONE = "film_needs_one"
    FILM_TOO_LONG = "film_too_long"
    MISTAKES_LEFT_OUT = "mistakes_left_out"
    NAME_TAKEN = "name_taken"
    NO_SCENES = "no_scenes"

    # --- a transcoding ---
    NOT_SOURCE = "not_source"
    #: A mistake's place: a profile.
    PROFILE = "profile"
    PROFILE_MALFORMED = "profile_malformed"
    PROFILE_TOO_LARGE = "profile_too_large"
    PROFILE_UNKNOWN = "profile_unknown"

    # --- inputs and outputs ---
    ADDRESS_OF_LINES = "address_of_lines"
    ADDRESS_TOO_LONG = "address_too_long"
    CHANGED_WHILE_UPLOADED = "changed_while_uploaded"
    LOCAL_FILE_EMPTY = "local_file_empty"
    LOCAL_FILE_UNREADABLE = "local_file_unreadable"
    NO_FILE = "no_file"
    NOT_FILE = "not_file"
    NOT_INPUT = "not_input"
    NOT_OUTPUT = "not_output"
    OUTPUT_AMONG_WORKING_FILES = "output_among_working_files"
    OUTPUT_UNWRITABLE = "output_unwritable"
    #: A path is outside the folders that the HTTP API may read.
    OUTSIDE_API_ROOTS = "outside_api_roots"
    PATH_FOR_ADDRESS = "path_for_address"
    PLACE_EMPTY = "place_empty"

    # --- what containers reach ---
    FARGATE_READS_NOTHING = "fargate_reads_nothing"
    FARGATE_WRITES_NOTHING = "fargate_writes_nothing"
    LINK_OUT_OF_SHARED = "link_out_of_shared"
    OUTSIDE_SHARED = "outside_shared"
    ROOTS = "roots"
    ROOTS_OF_DOCKER = "roots_of_docker"
    ROOTS_OF_PROCESS = "roots_of_process"
    SAME_HOLDS = "same_holds"
    SAME_HOLDS_FURTHER = "same_holds_further"
    SHARED_FOLDERS = "shared_folders"
    SHARED_NOTHING = "shared_nothing"
    UNREADABLE_THERE = "unreadable_there"
    UNWRITABLE_THERE = "unwritable_there"
    UPLOAD_INSTEAD = "upload_instead"
    WITHOUT_CREDENTIALS = "without_credentials"
    WRITE_TO_S3_INSTEAD = "write_to_s3_instead"

    # --- waiting for a job ---
    DELIVERIES_FAILED = "deliveries_failed"
    DELIVERY_UNWRITABLE = "delivery_unwritable"
    NOT_ENDED = "not_ended"
    NOT_ENDED_WAITS = "not_ended_waits"
    RESULT_GONE = "result_gone"
    RESULTS_CALLED_ALIKE = "results_called_alike"
    SIZE_DIFFERS = "size_differs"
