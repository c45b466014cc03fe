"""What opportunities and pipelines refuse."""

from chassis.problems.problem import Problem

__all__ = [
    "AmountFromProducts",
    "CodeTaken",
    "DefaultPipeline",
    "FieldsRequired",
    "LostReasonRequired",
    "NoSuchStageKind",
    "OpportunityClosed",
    "OpportunityOpen",
    "PipelineArchived",
    "PipelineInUse",
    "StageArchived",
    "StageInUse",
    "StageOfOtherPipeline",
]


class OpportunityClosed(Problem):
    """A deal that is won or lost stays so until it is reopened."""

    status = 409
    code = "opportunity_closed"
    title = "The opportunity is closed"
    detail = "{name} is {state}: reopen it first."


class OpportunityOpen(Problem):
    """Only a closed deal is reopened."""

    status = 409
    code = "opportunity_open"
    title = "The opportunity is open"
    detail = "{name} is open: there is nothing to reopen."


class FieldsRequired(Problem):
    """A stage asks for fields that the deal does not have (C25)."""

    status = 409
    code = "fields_required"
    title = "The stage requires more"
    detail = "The stage {stage} requires: {fields}."


class LostReasonRequired(Problem):
    """Who is lost says why (C25)."""

    status = 409
    code = "lost_reason_required"
    title = "Say why it was lost"
    detail = "{name} is lost only with a reason: give `lost_reason`."


class StageOfOtherPipeline(Problem):
    """A deal stands in a stage of its own pipeline."""

    status = 409
    code = "stage_of_other_pipeline"
    title = "The stage belongs to another pipeline"
    detail = (
        "The stage {stage} is one of the pipeline {pipeline}. Name that pipeline as well to move "
        "the opportunity there."
    )


class StageArchived(Problem):
    """No deal enters a stage that is archived."""

    status = 409
    code = "stage_archived"
    title = "The stage is archived"
    detail = "The stage {stage} is archived: choose another, or restore it."


class PipelineArchived(Problem):
    """No deal enters a pipeline that is archived."""

    status = 409
    code = "pipeline_archived"
    title = "The pipeline is archived"
    detail = "The pipeline {pipeline} is archived: choose another, or restore it."


class NoSuchStageKind(Problem):
    """The pipeline has no stage of that kind."""

    status = 409
    code = "no_such_stage_kind"
    title = "The pipeline has no such stage"
    detail = "The pipeline {pipeline} has no stage in use that is {kind}."


class StageInUse(Problem):
    """A stage in which open deals stand is not archived."""

    status = 409
    code = "stage_in_use"
    title = "Opportunities stand in the stage"
    detail = "{count} open opportunities stand in the stage {stage}: move them first."


class PipelineInUse(Problem):
    """A pipeline in which open deals stand is not archived."""

    status = 409
    code = "pipeline_in_use"
    title = "Opportunities stand in the pipeline"
    detail = "{count} open opportunities stand in the pipeline {pipeline}: move them first."


class DefaultPipeline(Problem):
    """One pipeline is always the default one."""

    status = 409
    code = "default_pipeline"
    title = "It is the default pipeline"
    detail = "{pipeline} is the default pipeline: make another one the default first."


class CodeTaken(Problem):
    """A code names one record."""

    status = 409
    code = "code_taken"
    title = "The code is taken"
    detail = "{record_code} is the code of another record."


class AmountFromProducts(Problem):
    """Where a deal has products, they make its amount."""

    status = 409
    code = "amount_from_products"
    title = "The amount follows from the products"
    detail = "The products of {name} come to {amount}: change the products, or take them out."
