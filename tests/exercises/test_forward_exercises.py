"""What `forward_add`, `forward_cat` and `double_conv` say about answers, and what they accept."""

import functools

import pytest
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812

from tests.exercises.forward_variants import add, cat, own_skip, with_forward
from unet_teach import exercises
from unet_teach.networks.document import AdditiveUNet, ConcatenatingUNet, DocumentUNet


@pytest.fixture(autouse=True)
def _one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def at_level(wanted, change):
    """The skip of a level, changed at one level: 0 is the full size, 2 a quarter."""

    def skip(network, maps, level):
        right = own_skip(network, maps, level)
        return change(right) if level == wanted else right

    return skip


def without_gradient(network, maps, level):
    with torch.no_grad():
        return own_skip(network, maps, level)


def initialised(base=ConcatenatingUNet, **layers):
    """A class with other layers, each made from out_channels."""

    def init(self, in_channels, out_channels):
        base.__init__(self, in_channels, out_channels)
        for name, make in layers.items():
            setattr(self, name, make(out_channels))

    return type("Student", (base,), {"__init__": init})


class TestForwardAdd:
    """Answers that differ from the right one in one place."""

    @pytest.mark.parametrize(
        ("changes", "says"),
        [
            # -------------------------------------------------------------- the output
            ({"end": lambda x: x.clamp(-1, 1)}, "Your output is `upconv4`'s output after `clamp`."),
            (
                {"end": lambda x: x.clamp(-99, 99)},
                "`upconv4`'s output after `clamp`",
            ),
            ({"end": lambda x: 2 * x}, "Your output is `upconv4`'s output after `mul`."),
            ({"end": lambda x: x[:, :, 1:-1]}, "→ 30×48 (the index `[…]`)."),
            ({"end": lambda x: x[:1]}, "turns shape (2, 5, 32, 48) into shape (1, 5, 32, 48)."),
            ({"end": lambda x: x.squeeze()}, "On one image of 16×24: the output has the shape (5,"),
            ({"end": lambda x: x.double()}, "the output is float64, but the input is float32"),
            ({"end": lambda x: x / x.norm()}, "other images of its batch. The first result"),
            (
                {"end": F.relu},
                "Your output is `upconv4`'s output after `relu`",
            ),
            ({"end": lambda x: (x, x)}, "returns 2 tensors in a tuple, but it should"),
            ({"end": torch.log}, "Your output is `upconv4`'s output after `log`."),
            ({"end": lambda x: x.round()}, "Your output is `upconv4`'s output after `round`."),
            ({"end": lambda x: 1.0 * (x > 0)}, "`gt` cuts the gradient of `upconv4`'s output"),
            # -------------------------------------------------------- random numbers
            ({"end": lambda x: F.dropout(x, 0.5)}, "Give it `training=self.training`"),
            ({"end": lambda x: x + torch.rand_like(x)}, "`rand_like` draws new random numbers"),
            # -------------------------------------------------------------- the skips
            (
                {"skip": at_level(1, lambda s: s.detach())},
                "`detach` cuts the gradient of `skip2`'s",
            ),
            ({"skip": without_gradient}, "`skip1` runs as if inside `torch.no_grad()`"),
            ({"skip": at_level(0, lambda s: s.mean())}, "`mean` changes `skip3`'s output (64 chan"),
            ({"skip": at_level(0, lambda s: s.flip(3))}, "`flip` changes `skip3`'s output"),
            (
                {"skip": at_level(2, lambda s: 0.5 * s)},
                "`mul` scales or shifts `skip1`'s output",
            ),
            (
                {"skip": at_level(1, lambda s: 0 * s)},
                "(128 channels, 16×24), but what arrives is zero in all",
            ),
            (
                {"skip": at_level(1, torch.ones_like)},
                "no skip arrives at 16×24: `add` joins `upconv2`'s",
            ),
            (
                {"skip": at_level(1, lambda s: 0)},
                "no skip arrives at 16×24: nothing is joined.",
            ),
            (
                {"skip": lambda network, maps, level: network.skip1(maps[2]) if level == 2 else 0},
                "no skip arrives at 32×48, 16×24: nothing is joined. Keep the encoder's",
            ),
            # -------------------------------------------------------------- the joins
            (
                {"join": lambda x, s: (x + s) / 2},
                "`div` scales or shifts the `add` of `upconv1`'s",
            ),
            ({"join": lambda x, s: x * s}, "the `mul` of `upconv1`'s output (256 channels, 8×12)"),
            ({"join": lambda x, s: x + x}, "`add` joins `upconv3`'s output (64 channels, 32×48)"),
            (
                {"join": lambda x, s: F.relu(x).add_(s)},
                "right shape, but no gradient can be computed. Your code",
            ),
            (
                {"join": cat},
                "In this exercise, the two are added, `a + b`, which keeps the number of",
            ),
            ({"join": cat}, "is given 512 at 8×12: the `cat` of `skip1`'s output (256 channels, 8"),
        ],
    )
    def test_names_what_differs(self, changes, says):
        reply = exercises.forward_add.check(with_forward(**{"join": add, **changes})())
        assert says in reply.text

    def test_arguments_in_the_wrong_order_are_named(self):
        class Student(AdditiveUNet):
            def __init__(self, in_channels, out_channels):
                super().__init__(out_channels, in_channels)

        text = exercises.forward_add.check(Student).text
        assert (
            "in_channels=3 and out_channels=5: are they the wrong way round in `__init__`?" in text
        )

    def test_a_class_with_another_parent_is_told_so(self):
        class Student(nn.Module):
            def __init__(self, in_channels, out_channels):
                super().__init__()

            def forward(self, x):
                return self.conv1(x)

        text = exercises.forward_add.check(Student).text
        assert "has no layers. Your class doesn't inherit from `DocumentUNet`, which makes" in text

    def test_names_a_layer_that_is_made_and_never_called(self):
        class Student(AdditiveUNet):
            def __init__(self, in_channels, out_channels):
                super().__init__(in_channels, out_channels)
                self.bottleneck = nn.Conv2d(512, 512, 3, padding=1)

        text = exercises.forward_add.check(Student).text
        assert "Your `__init__` makes `bottleneck`, but `forward` never calls it." in text

    def test_names_what_is_returned_in_place_of_the_last_output(self):
        class Student(AdditiveUNet):
            def forward(self, x):
                super().forward(x)
                return F.relu(self.conv1(x))

        text = exercises.forward_add.check(Student).text
        assert (
            "Your network returns `conv1`'s output (64 channels, 32×48). It also computes "
            "`upconv4`'s output (5 channels, 32×48), but doesn't return it."
        ) in text

    def test_says_which_maps_are_joined_where_none_is_the_encoders(self):
        class Student(DocumentUNet):
            def forward(self, x):
                for conv in (self.conv1, self.conv2, self.conv3, self.conv4):
                    x = F.relu(conv(x))
                pairs = (self.upconv1, self.skip1), (self.upconv2, self.skip2)
                for up, skip in (*pairs, (self.upconv3, self.skip3)):
                    x = F.relu(up(x))
                    x = x + skip(x)
                return self.upconv4(x)

        assert (
            "`add` joins `upconv1`'s output (256 channels, 8×12) and `skip1`'s output (256 "
            "channels, 8×12, made of `upconv1`'s output), but the encoder's feature map of this "
            "size is not among them."
        ) in exercises.forward_add.check(Student).text

    def test_names_the_layer_and_the_channels_it_is_given(self):
        class Student(DocumentUNet):
            def forward(self, x):
                three = self.conv3(F.relu(self.conv2(F.relu(self.conv1(x)))))
                four = F.relu(self.conv4(F.relu(three)))
                return F.relu(self.upconv1(four)) + self.skip1(four)

        text = exercises.forward_add.check(Student).text
        assert "`skip1` takes 256 channels, but is given 512 at 4×6: `conv4`'s output." in text
        assert "doubles" not in text

    def test_names_the_layers_without_an_activation_between(self):
        class Student(DocumentUNet):
            def forward(self, x):
                one = F.relu(self.conv1(x))
                two = self.conv2(one)
                three = F.relu(self.conv3(two))
                x = F.relu(self.conv4(three))
                x = F.relu(self.upconv1(x)) + self.skip1(three)
                x = F.relu(self.upconv2(x)) + self.skip2(two)
                return self.upconv4(F.relu(self.upconv3(x)) + self.skip3(one))

        assert "between `conv2` and `conv3`.\nAlready" in exercises.forward_add.check(Student).text

    def test_a_skip_that_training_lacks_is_missed(self):
        def skip(network, maps, level):
            drop = level == 1 and network.training
            return own_skip(network, [0 * each if drop else each for each in maps], level)

        text = exercises.forward_add.check(with_forward(add, skip=skip)()).text
        assert text.startswith("In training mode, on a 32×48 image, no skip arrives at 16×24")
        assert (
            "`skip2`'s output (128 channels, 16×24), but what arrives is the same in all positions"
            in text
        )

    def test_a_class_without_forward_is_told_so(self):
        assert "The network has no forward" in exercises.forward_add.check(DocumentUNet).text

    def test_a_forward_without_self_is_named(self):
        student = type("Student", (DocumentUNet,), {"forward": lambda x: x})
        assert "Is `self` missing?" in exercises.forward_add.check(student).text

    def test_a_forward_of_two_values_gets_no_advice_about_the_inspector(self):
        student = type("Student", (DocumentUNet,), {"forward": lambda self, x, y: x})
        text = exercises.forward_add.check(student).text
        assert "missing 1 required positional argument: 'y'" in text
        assert "inspect_unet" not in text

    def test_an_input_that_changes_is_reported(self):
        class Student(with_forward(add)()):
            def forward(self, x):
                return super().forward(x.mul_(2))

        assert "changes its input in place" in exercises.forward_add.check(Student).text

    def test_numbers_of_channels_in_the_code_are_found(self):
        student = with_forward(
            add, base=initialised(DocumentUNet, conv1=lambda _: nn.Conv2d(3, 64, 3, 1, 1))
        )
        text = exercises.forward_add.check(student()).text
        assert text.startswith("With (in_channels, out_channels) = (1, 2): your code stopped")
        assert "`conv1` takes 3 channels, but is given 1" in text

    @pytest.mark.parametrize(
        "changes",
        [
            {"join": lambda x, skip: torch.stack([x, skip]).sum(0)},
            {"join": lambda x, skip: sum([x, skip])},
            {"join": lambda x, skip: F.interpolate(x, size=skip.shape[2:]) + F.relu(skip)},
            {"activation": lambda x: torch.maximum(x, torch.zeros_like(x))},
            {"activation": lambda x: 0.5 * x * (1 + torch.tanh(0.8 * (x + 0.04 * x**3)))},
            {"activation": lambda x: F.dropout(F.relu_(x), training=False)},
            {"skip": lambda network, maps, level: maps[level].clone()},
        ],
    )
    def test_accepts_other_ways_to_do_the_same(self, changes):
        reply = exercises.forward_add.check(with_forward(**{"join": add, **changes})())
        assert reply.text == exercises.forward_add.praise


class TestForwardCat:
    """The layers that are changed, and the joins."""

    def test_a_layer_whose_number_of_channels_alone_was_changed_keeps_its_weight(self):
        class Widened(with_forward(lambda x, s: torch.cat([x, s], 1))()):
            def __init__(self, into, out):
                super().__init__(into, out)
                self.upconv2.in_channels *= 2

        text = exercises.forward_cat.check(Widened).text
        assert (
            "Its `in_channels` was set to 512 afterwards, which doesn't change its weight" in text
        )

    @pytest.mark.parametrize(
        ("layers", "says"),
        [
            (
                {"upconv4": lambda _: nn.Conv2d(128, 5, 1)},
                "the output has 5 channels, but it should have 2. `upconv4`",
            ),
            (
                {"upconv4": lambda _: nn.Conv2d(128, 128, 1)},
                "`upconv4` takes 128 channels and returns as many.",
            ),
            (
                {"conv1": lambda _: nn.Conv2d(3, 64, 3, 1, 1)},
                "`conv1` takes 3 channels, but is given",
            ),
            (
                {"upconv1": lambda _: nn.ConvTranspose2d(1024, 256, 3, 2, 1, 1)},
                "`upconv1` takes 1024 channels, but is given 512 at 4×6: `conv4`'s output.",
            ),
            (
                {"upconv2": lambda _: nn.ConvTranspose2d(512, 128, 3, 2, 1)},
                "`upconv2`'s output (128 channels, 15×23). `upconv2` gets the `cat` of",
            ),
            ({"upconv4": lambda out: nn.ConvTranspose2d(128, out, 3)}, "→ 34×50 (`"),
        ],
    )
    def test_names_the_layer(self, layers, says):
        student = with_forward(cat, base=initialised(**layers))()
        assert says in exercises.forward_cat.check(student).text

    @pytest.mark.parametrize(
        ("join", "says"),
        [
            (lambda x, s: torch.cat([x, s]), "`cat` joins along dim=0, the batch; channels are"),
            (lambda x, s: torch.cat([x, s], 2), "`cat` joins along dim=2, the height; channels"),
            (lambda x, s: torch.cat([x, s], dim=-1), "at 8×24: the `cat` of"),
            (lambda x, s: torch.cat([x, s], dim=-1), "`cat` joins along dim=3, the width; chann"),
            (
                lambda x, s: torch.cat([x, x], 1),
                "32×48, `cat` joins `upconv3`'s output (64 channels,",
            ),
            (
                lambda x, s: torch.cat([s, s.relu()], 1),
                "64 channels, 32×48, made of `conv1`'s output), but none of them comes up from a "
                "smaller one",
            ),
            (lambda *maps: torch.cat(*maps), "torch.cat takes the tensors in one list"),
            (lambda *maps: torch.stack(maps, 1), "`upconv2` is given the `stack` of `upconv1`'s"),
            (
                lambda *maps: torch.stack(maps, 1),
                "`torch.stack` makes a new axis. `torch.cat([…, …], dim=1)`",
            ),
            (
                lambda x, s: torch.stack([x, s], 2).flatten(1, 2),
                "(64 channels, 32×48) into shape (1, 64, 2, 32, 48)",
            ),
            (
                lambda x, s: torch.cat([x, 0 * s + 1], 1),
                "`cat` joins `skip3`'s output (64 channels, 32×48), but what arrives is the same",
            ),
            (
                lambda x, s: [x, s],
                "`x` is a list of 2",
            ),
            (add, "`upconv2` takes 512 channels, but is given 256 at 8×12: the `add` of"),
            (add, "the two are concatenated, `torch.cat([a, b], dim=1)`, which adds up their"),
        ],
    )
    def test_names_the_join_that_is_wrong(self, join, says):
        student = with_forward(join, base=ConcatenatingUNet)()
        assert says in exercises.forward_cat.check(student).text

    def test_a_detached_skip_is_named(self):
        skip = at_level(0, lambda s: s.detach())
        student = with_forward(cat, base=ConcatenatingUNet, skip=skip)()
        assert (
            "of `skip3`'s output (64 channels, 32×48)." in exercises.forward_cat.check(student).text
        )

    def test_a_map_that_is_joined_and_then_forgotten_is_told_apart_from_none(self):
        def join(x, skip):
            return torch.cat([skip, skip if skip.shape[1] == 128 else x], dim=1)

        student = with_forward(join, base=ConcatenatingUNet)()
        text = exercises.forward_cat.check(student).text
        assert "at 16×24, `cat` joins `skip2`'s output (128 channels, 16×24) with itself" in text
        assert (
            "`cat` joins `skip1`'s output (256 channels, 8×12) and `upconv1`'s output (256 "
            "channels, 8×12), but the output doesn't depend on the result"
        ) in text


def conv(into, out, kernel_size=3, **options):
    return nn.Conv2d(into, out, kernel_size, **{"padding": 1, **options})


class Block(nn.Module):
    """A right block, as a base for wrong ones."""

    def __init__(self, in_channels, out_channels):
        super().__init__()
        self.one, self.two = conv(in_channels, out_channels), conv(out_channels, out_channels)

    def forward(self, x):
        return self.end(F.relu(self.two(self.between(F.relu(self.one(x))))))

    def between(self, x):
        return x

    def end(self, x):
        return x


def block(**steps):
    return type("Block", (Block,), {name: staticmethod(step) for name, step in steps.items()})


class TestDoubleConv:
    """Blocks that are made or that compute in another way."""

    @pytest.mark.parametrize(
        ("answer", "says"),
        [
            (block(end=lambda x: F.dropout(x, 0.2)), "Give it `training=self.training`"),
            (block(end=lambda x: 0.5 * x), "`mul` scales or shifts `two`'s output"),
            (block(between=lambda x: x.detach()), "`detach` cuts the gradient of `one`'s output"),
            (block(between=lambda x: x.softmax(1)), "so that its channels add up to 1"),
            (block(between=lambda x: x - x.mean(0, keepdim=True)), "other images of its batch"),
            (
                lambda i, o: nn.Sequential(conv(o, i), nn.ReLU(), conv(i, i), nn.ReLU()),
                "You swapped in_channels",
            ),
            (
                lambda i, o: nn.Sequential(conv(i, 8), nn.ReLU(), conv(8, 8)),
                "double_conv(3, 8) works",
            ),
            (
                lambda i, o: nn.Sequential(conv(i, o), nn.ReLU(), nn.Conv2d(o, o, 3), nn.ReLU()),
                "The sizes are 7×11 → 5×9 (layer 2 (`Conv2d`)).",
            ),
            (
                lambda i, o: nn.Sequential(conv(i, o), nn.ReLU(), conv(o, o, groups=o), nn.ReLU()),
                "groups=8: each output channel is computed from only 1 of 8 channels.",
            ),
            (
                lambda i, o: nn.Sequential(conv(i, o), nn.BatchNorm2d(i), nn.ReLU(), conv(o, o)),
                "layer 1 (a BatchNorm2d): A batch norm for 3 channels was given 8. Make it for 8.",
            ),
            (
                lambda i, o: nn.Sequential(
                    nn.ReLU(inplace=True), conv(i, o), nn.ReLU(), conv(o, o)
                ),
                "changes its input in place",
            ),
            (lambda channels: nn.Sequential(), "yours takes (channels)"),
            (
                lambda i, o: nn.ModuleList([conv(i, o)]),
                "nn.ModuleList, which only stores its",
            ),
            (lambda i, o: nn.Sequential(nn.Conv1d(i, o, 3)), "Pictures are (N, C, H, W)"),
            (
                lambda i, o: nn.Sequential(conv(i, o), nn.ReLU()),
                "but the feature map goes through 1: layer 0",
            ),
            (
                lambda i, o: nn.Sequential(conv(i, o), nn.ReLU(), conv(o, 2 * o), nn.ReLU()),
                "the output has 16 channels, but it should have 8. Layer 2 (`Conv2d`) turns 8 "
                "channels into 16.",
            ),
        ],
    )
    def test_names_what_differs(self, answer, says):
        assert says in exercises.double_conv.check(answer).text

    def test_channels_written_as_numbers_are_not_swapped(self):
        numbers = lambda i, o: nn.Sequential(conv(3, 8), nn.ReLU(), conv(8, 8), nn.ReLU())  # noqa: E731
        text = exercises.double_conv.check(numbers).text
        assert "Did you write a number where an argument belongs?" in text
        assert "swapped" not in text

    def test_each_call_makes_new_layers(self):
        kept = functools.cache(lambda i, o: block()(i, o))
        text = exercises.double_conv.check(kept).text
        assert "share 4 of their weights and biases" in text

    def test_the_block_that_the_wrong_ones_are_made_of_is_right(self):
        assert exercises.double_conv.check(block()).text == exercises.double_conv.praise

    def test_dropout_and_normalisation_layers_may_be_added(self):
        def answer(into, out):
            extra = nn.BatchNorm2d(out), nn.PReLU(), nn.Dropout2d(0.1)
            return nn.Sequential(
                *(nn.ZeroPad2d(1), conv(into, out, padding=0), *extra, conv(out, out), *extra)
            )

        assert exercises.double_conv.check(answer).text == exercises.double_conv.praise


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ((3, 15), "in_channels is right. out_channels should be the number of classes."),
        ((4, 5), "values that one pixel of the photo has. out_channels is right."),
    ],
)
def test_arguments_says_which_of_the_two_is_wrong(answer, says):
    assert says in exercises.arguments.check(answer).text


def test_true_is_not_taken_for_the_number_one():
    text = exercises.room_for_skips.check(answer=True).text
    assert "True is of type bool. \n" in text or text.startswith(
        "The answer should be one whole number, but True"
    )
    assert "bottleneck" not in text
