import pytest
from pydantic import ValidationError

from raynas.options.training_options import TrainingOptions
from raynas.training import OPTIMIZERS, SCHEDULES


def test_every_option_has_a_default_and_a_description():
    TrainingOptions()
    for name, field in TrainingOptions.model_fields.items():
        assert field.description, name


def test_label_smoothing_is_off_by_default():
    assert TrainingOptions().label_smoothing == 0.0


def test_the_config_offers_exactly_what_the_tables_have():
    fields = TrainingOptions.model_fields
    assert set(fields["optimizer"].annotation.__args__) == set(OPTIMIZERS)
    assert set(fields["schedule"].annotation.__args__) == set(SCHEDULES)


def test_unknown_options_are_refused():
    with pytest.raises(ValidationError, match="epoch"):
        TrainingOptions(epoch=3)


@pytest.mark.parametrize("value", [{"layers": []}, {}, [1], "text", None])
def test_an_architecture_without_a_training_record_changes_nothing(value):
    config = TrainingOptions(epochs=3)
    assert config.overridden_by(value) is config


def test_an_architecture_may_override_options():
    config = TrainingOptions(epochs=3).overridden_by({"training": {"optimizer": "sgd"}})
    assert (config.epochs, config.optimizer) == (3, "sgd")
    assert config.overridden_by({"training": {"optimizer": "sgd"}}) == config


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ({"lr": 1}, "^training/lr: unknown option; expected some of epochs, batch_size, "),
        (
            {"optimizer": "lion"},
            "^training/optimizer: .* one of adam, rmsprop, sgd, got 'lion'$",
        ),
        ({"learning_rate": -1}, "^training/learning_rate: expected a number above 0, got -1$"),
        ("fast", "^training: expected a record of options, got 'fast'$"),
    ],
)
def test_an_illegal_training_record_is_named_in_one_line(record, message):
    with pytest.raises(ValueError, match=message) as error:
        TrainingOptions().overridden_by({"training": record})
    assert "\n" not in str(error.value)
