"""Promises of the recipe: python3 -m unittest test_recipe"""

import argparse
import os
import random
import tempfile
import unittest

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

import data
from drawing import ACROSS, CHARACTERS, COLUMN, DOWN, GROUND, GROUNDS, HEIGHT, KIND, KINDS, NAMED, RANK, ROW
from drawing import TRAINING_FONTS, UNSEEN_FONTS, Picture, Shape, chart_picture, draw_shape, text_picture
from model import KimiVL, Segments
from plan import Plan
from rounding import RoundedProduct
from scenes import Conversation, Turn, neighbour
from skills import CONVERSATIONS, traced
from team import Team
from tokenizer import Tokenizer, expand_images, learn_vocabulary, render_chat, write_files
from train import BatchMaker, Trainer, model_config


def options_for(state, **changed):
    usual = {
        "state": state, "device": "cpu", "seed": 1, "plan": "all:100@1e-3", "optimizer": "muon",
        "bfloat16": False, "start": None, "level": 1.0, "curriculum": 10,
    }
    return argparse.Namespace(**{**usual, **changed})


def train_in_team(rank, options, meeting, batches):
    torch.set_num_threads(1)
    trainer = Trainer(options, Team(rank, 2, meeting))
    for batch in batches[rank]:
        trainer.train_step(batch)
    torch.save(trainer.model.state_dict(), os.path.join(options.state, f"rank{rank}.pt"))


class RecipeTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.tokenizer = Tokenizer.with_tokens(learn_vocabulary(["What is in the picture? A red circle."] * 9, 300))
        cls.encoder = data.Encoder(cls.tokenizer)

    def test_a_batch_is_a_function_of_seed_and_number(self):
        one, again = (data.make_batch(self.encoder, 7, 3, 1.0, 900) for _ in range(2))
        other = data.make_batch(self.encoder, 7, 4, 1.0, 900)
        self.assertTrue(np.array_equal(one.ids, again.ids) and np.array_equal(one.patches, again.patches))
        self.assertFalse(np.array_equal(one.ids, other.ids))

    def test_training_ids_are_those_of_the_rendered_chat(self):
        for kind in CONVERSATIONS:
            made = CONVERSATIONS[kind](random.Random(kind), 1.0, TRAINING_FONTS)
            sample = self.encoder.encode(made)
            text = render_chat(data.messages(made), add_generation_prompt=False)
            text = expand_images(text, [h * w // 4 for h, w in sample.grids])
            self.assertEqual(self.tokenizer.encode(text), sample.ids, kind)

    def test_only_answers_and_their_end_are_predicted(self):
        made = CONVERSATIONS["scene"](random.Random(5), 1.0, TRAINING_FONTS)
        sample = self.encoder.encode(made)
        batch = data.pack([sample])
        for turn, (_, first, last) in zip(made.turns, batch.answers):
            self.assertEqual(turn.answers[0] + "<|im_end|>", self.tokenizer.decode(batch.targets[first:last]))
        self.assertEqual(sum(last - first for _, first, last in batch.answers), int((batch.targets >= 0).sum()))

    def test_no_font_of_the_unseen_ones_is_trained_on(self):
        self.assertFalse(set(TRAINING_FONTS) & set(UNSEEN_FONTS))

    def test_labels_say_what_lies_under_a_patch(self):
        picture = Picture(Image.new("RGB", (56, 56), (0, 0, 0)), "black")
        draw_shape(random.Random(1), picture, Shape("star", "red", 35, 21, 12))
        labels = picture.labels((4, 4)).reshape(4, 4, -1)
        self.assertEqual(KINDS.index("star") + 1, labels[1, 2, KIND])
        self.assertEqual(0, labels[3, 0, KIND])
        self.assertEqual([[5, 3], [1, 7]], [[labels[at][COLUMN], labels[at][ROW]] for at in ((1, 2), (3, 0))])
        self.assertEqual([0, 1 + GROUNDS.index("black")], [labels[1, 2, GROUND], labels[3, 0, GROUND]])

    def test_labels_say_where_a_shape_comes_among_others(self):
        picture = Picture(Image.new("RGB", (84, 84), (0, 0, 0)), "black")
        draw_shape(random.Random(1), picture, Shape("star", "red", 63, 21, 12))
        draw_shape(random.Random(1), picture, Shape("circle", "blue", 21, 63, 14))
        labels = picture.labels((6, 6)).reshape(6, 6, -1)
        self.assertEqual([2, 1, 2], list(labels[1, 4, [ACROSS, DOWN, RANK]]))
        self.assertEqual([1, 2, 1], list(labels[4, 1, [ACROSS, DOWN, RANK]]))

    def test_a_bar_is_known_from_its_label_to_its_figure(self):
        picture = chart_picture(random.Random(3), ["A", "B"], [5, 10], ["red", "blue"], TRAINING_FONTS[:1], True)
        columns, rows = (-(-side // 28) * 2 for side in picture.size)
        labels = picture.labels((rows, columns)).reshape(rows, columns, -1)
        for (below, _, above), height, rank in zip(picture.bars, (5, 10), (2, 1)):
            for x, y in (below, above):
                self.assertEqual([height, rank], list(labels[int(y // 14), int(x // 14), [HEIGHT, RANK]]))

    def test_characters_are_labelled_in_reading_order(self):
        picture = text_picture(random.Random(2), ["Tree"], TRAINING_FONTS[:1], 40, 40, rotate=0)
        columns, rows = (-(-side // 28) * 2 for side in picture.size)
        slots = picture.labels((rows, columns))[:, len(NAMED):].reshape(rows, -1)
        row = slots[(slots > 0).sum(1).argmax()]
        self.assertEqual("Tree", "".join(CHARACTERS[i - 1] for i in row if i))

    def test_neighbours_are_named_only_where_they_are_clear(self):
        middle, left = Shape("circle", "red", 50, 50, 9), Shape("square", "blue", 20, 52, 9)
        self.assertIs(left, neighbour([middle, left], middle, "left"))
        self.assertEqual("nothing", neighbour([middle, left], middle, "right"))
        slanted = Shape("star", "green", 20, 22, 9)
        self.assertIsNone(neighbour([middle, slanted], middle, "left"))

    def test_training_goes_on_as_if_it_had_never_stopped(self):
        batches = [data.make_batch(self.encoder, 1, i, 0.0, 200) for i in range(3)]
        with tempfile.TemporaryDirectory() as folder:
            options = options_for(folder)
            write_files(self.tokenizer, folder)
            straight = Trainer(options)
            for batch in batches[:2]:
                straight.train_step(batch)
            straight.save()
            wanted = straight.train_step(batches[2])
            resumed = Trainer(options)
            self.assertEqual(2, resumed.step)
            self.assertEqual(wanted, resumed.train_step(batches[2]))
            for one, other in zip(straight.model.parameters(), resumed.model.parameters()):
                self.assertTrue(torch.equal(one, other))

    def test_processes_that_train_together_stay_equal(self):
        batches = [[data.make_batch(self.encoder, 1, 2 * i + rank, 0.0, 200) for i in range(2)] for rank in range(2)]
        with tempfile.TemporaryDirectory() as folder:
            write_files(self.tokenizer, folder)
            meeting = os.path.join(folder, "meeting")
            arguments = (options_for(folder), meeting, batches)
            torch.multiprocessing.spawn(train_in_team, arguments, nprocs=2)
            one, other = (torch.load(os.path.join(folder, f"rank{rank}.pt")) for rank in range(2))
        for name, value in one.items():
            self.assertTrue(torch.equal(value, other[name]), name)

    def test_a_rounded_product_is_near_the_exact_one(self):
        torch.manual_seed(2)
        x, weight, bias = torch.randn(5, 64), torch.randn(7, 64), torch.randn(7)
        results = []
        for product in (F.linear, RoundedProduct.apply):
            leaves = [value.clone().requires_grad_() for value in (x, weight, bias)]
            out = product(*leaves)
            out.square().sum().backward()
            results.append([out.detach()] + [leaf.grad for leaf in leaves])
        for exact, rounded in zip(*results):
            self.assertLess(float((exact - rounded).abs().max() / exact.abs().max()), 0.02)

    def test_pictures_alone_come_before_conversations(self):
        make = BatchMaker(self.encoder, options_for("state", budget=300), Plan("look:2@1e-3,all:2@1e-3"))
        look, talk = make((1, 1, 0.0)), make((2, 2, 0.0))
        self.assertEqual(0, len(look.ids))
        self.assertGreater(int((look.labels > 0).sum()), 0)
        self.assertGreater(len(talk.answers), 0)

    def test_an_answer_is_guided_to_where_it_is_printed(self):
        picture = text_picture(random.Random(2), ["Tree one"], TRAINING_FONTS[:1], 40, 40, rotate=0)
        made = Conversation([picture], [Turn("ocr", "Read.", ["Tree one"], places=traced("Tree one", picture))])
        sample = self.encoder.encode(made)
        first = sample.ids.index(self.encoder.pad)
        columns = sample.grids[0][1] // 2
        predicted = [self.tokenizer.decode([sample.ids[position + 1]]) for position, _ in sample.guides]
        found = [(cells[0][0] - first) % columns for _, cells in sample.guides]
        self.assertEqual("Tree one", "".join(predicted))
        self.assertEqual(sorted(found), found)
        self.assertLess(found[0], found[-1])

    def test_a_plan_says_what_is_trained_and_how_fast(self):
        plan = Plan("look:10@0-2e-3, still:4@1e-3,all:10@1e-3-0")
        self.assertEqual(["look", "still", "all", "all"], [plan.at(step).kind for step in (9, 10, 14, 99)])
        for step, rate in ((0, 0), (5, 1e-3), (10, 1e-3), (19, 5e-4), (24, 0)):
            self.assertAlmostEqual(rate, plan.rate(step))
        self.assertEqual(24, plan.end)
        self.assertEqual([0, 0, 3, 5], [plan.talked(step) for step in (3, 10, 13, 15)])
        for wrong in ("peek:10@1e-3", "all:ten@1e-3", "all:10"):
            with self.assertRaises(SystemExit):
                Plan(wrong)

    def test_packed_sequences_do_not_see_each_other(self):
        torch.manual_seed(1)
        model = KimiVL(model_config(300)).double()
        model.initialize(torch.Generator().manual_seed(1))
        first, second = torch.randint(0, 300, (9,)), torch.randint(0, 300, (5,))
        with torch.no_grad():
            together = model.hidden(torch.cat((first, second)), Segments([9, 5]))
            alone = model.hidden(second, Segments([5]))
        self.assertLess(float((together[9:] - alone).abs().max()), 1e-12)


if __name__ == "__main__":
    unittest.main()
