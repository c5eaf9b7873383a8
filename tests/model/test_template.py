import pytest

from cocolora.core.lessons import Exchange
from cocolora.errors import NoChatTemplate
from cocolora.model.template import ChatTemplate
from tests.model.tiny import CHATML, ask, exchange, make_tokenizer

LLAMA3 = (
    "{{ '<s>' }}{% for m in messages %}{{ '<|start_header_id|>' + m['role'] + '<|end_header_id|>\n\n' "
    "+ m['content'] | trim + '<|eot_id|>' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}"
)
GEMMA = (
    "{{ '<s>' }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}"
    "{% for m in messages %}{% if (m['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}"
    "{% set role = 'model' if m['role'] == 'assistant' else m['role'] %}"
    "{{ '<start_of_turn>' + role + '\n' + m['content'] | trim + '<end_of_turn>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<start_of_turn>model\n' }}{% endif %}"
)
MISTRAL = (
    "{{ '<s>' }}{% for m in messages %}{% if m['role'] == 'user' %}{{ '[INST] ' + m['content'] + ' [/INST]' }}"
    "{% elif m['role'] == 'assistant' %}{{ ' ' + m['content'] + '</s>' }}"
    "{% else %}{{ raise_exception('Only user and assistant roles are supported!') }}{% endif %}{% endfor %}"
)
# Qwen3: the switch adds empty thoughts to the prompt, and a finished last reply has them too.
QWEN3 = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n"
    "{% if m['role'] == 'assistant' and loop.last %}<think>\n\n</think>\n\n{% endif %}{{ m['content'] }}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n"
    "{% if enable_thinking is defined and enable_thinking is false %}<think>\n\n</think>\n\n{% endif %}{% endif %}"
)
# The same without a switch: only a finished reply has the empty thoughts.
UNSWITCHED = QWEN3.replace("{% if enable_thinking is defined and enable_thinking is false %}", "{% if false %}")
# DeepSeek-R1: the prompt opens the thoughts, a finished reply has none.
R1 = (
    "{{ '<s>' }}{% for m in messages %}{% if m['role'] == 'user' %}<|User|>{{ m['content'] }}"
    "{% elif m['role'] == 'assistant' %}<|Assistant|>{{ m['content'] }}</s>{% else %}{{ m['content'] }}{% endif %}"
    "{% endfor %}{% if add_generation_prompt %}<|Assistant|><think>\n{% endif %}"
)
VICUNA = (
    "{% for m in messages %}{% if m['role'] == 'system' %}{{ m['content'] + '\n' }}{% else %}"
    "{{ m['role'] | upper + ': ' + m['content'] + '\n' }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}ASSISTANT:{% endif %}"
)
MARKS = (
    *("<|pad|>", "<s>", "</s>", "<|im_start|>", "<|im_end|>", "<|start_header_id|>", "<|end_header_id|>"),
    *("<|eot_id|>", "<start_of_turn>", "<end_of_turn>", "<|User|>", "<|Assistant|>"),
)
CASES = {
    "chatml": (CHATML, "<|im_end|>", "Hello.<|im_end|>", "<|im_start|>assistant\n"),
    "llama3": (LLAMA3, "<|eot_id|>", "Hello.<|eot_id|>", "<|end_header_id|>\n\n"),
    "gemma": (GEMMA, "</s>", "Hello.<end_of_turn>", "<start_of_turn>model\n"),
    "mistral": (MISTRAL, "</s>", " Hello.</s>", "[/INST]"),
    "qwen3": (QWEN3, "<|im_end|>", "Hello.<|im_end|>", "<think>\n\n</think>\n\n"),
    "thoughts without a switch": (UNSWITCHED, "<|im_end|>", "Hello.<|im_end|>", "<think>\n\n</think>\n\n"),
    "r1": (R1, "</s>", "Hello.</s>", "<|Assistant|>"),
    "vicuna": (VICUNA, "</s>", " Hello.</s>", "ASSISTANT:"),
}


def make_template(text, eos="</s>"):
    tokenizer = make_tokenizer(text, marks=MARKS, eos=eos)
    return ChatTemplate(tokenizer, model="a model"), tokenizer


def decode(tokenizer, tokens):
    return tokenizer.decode(tokens, skip_special_tokens=False, clean_up_tokenization_spaces=False)


@pytest.mark.parametrize("name", CASES)
def test_the_loss_counts_on_the_reply_and_the_end_of_its_turn_alone(name):
    text, eos, counted, opening = CASES[name]
    template, tokenizer = make_template(text, eos)

    sample = template.sample(exchange("Hi there", "Hello."))

    whole = decode(tokenizer, sample.tokens)
    learned = decode(tokenizer, [token for token, counts in zip(sample.tokens, sample.counts, strict=True) if counts])
    assert learned == counted
    assert whole.endswith(opening + counted)
    assert "Hi there" in whole
    assert sorted(sample.counts) == list(sample.counts)


@pytest.mark.parametrize("name", CASES)
def test_a_sample_begins_with_the_very_prompt_that_is_generated_from(name):
    text, eos, _, _ = CASES[name]
    template, _ = make_template(text, eos)
    chat = [*ask("My dog is Rex."), {"role": "assistant", "content": "Nice."}, *ask("What is my dog called?")]

    prompt = template.prompt(chat)
    sample = template.sample(Exchange(tuple(chat), "Rex"))

    assert list(sample.tokens[: len(prompt)]) == prompt
    assert sum(sample.counts) == len(sample.tokens) - len(prompt)


@pytest.mark.parametrize("name", CASES)
def test_generation_stops_where_a_sample_ends(name):
    text, eos, _, _ = CASES[name]
    template, _ = make_template(text, eos)

    assert template.sample(exchange("Hi", "Hello.")).tokens[-1] in template.stop_tokens


@pytest.mark.parametrize("name", CASES)
def test_a_system_message_reaches_the_prompt_whatever_the_template_takes(name):
    text, eos, _, _ = CASES[name]
    template, tokenizer = make_template(text, eos)

    prompt = decode(tokenizer, template.prompt([{"role": "system", "content": "Be kind."}, *ask("Hi there")]))

    assert "Be kind." in prompt
    assert prompt.index("Be kind.") < prompt.index("Hi there")


def test_a_template_that_drops_system_messages_gets_them_in_the_first_user_message():
    silent = CHATML.replace("{% for m in messages %}", "{% for m in messages if m['role'] != 'system' %}")
    template, tokenizer = make_template(silent)

    prompt = decode(tokenizer, template.prompt([{"role": "system", "content": "Be kind."}, *ask("Hi")]))

    assert "<|im_start|>user\nBe kind.\n\nHi<|im_end|>" in prompt


def test_a_later_system_message_is_gathered_with_the_first():
    template, tokenizer = make_template(CHATML)
    chat = [{"role": "system", "content": "A."}, *ask("Hi"), {"role": "system", "content": "B."}]

    assert decode(tokenizer, template.prompt(chat)).startswith("<|im_start|>system\nA.\n\nB.<|im_end|>")


@pytest.mark.parametrize("reply", ["", " padded ", "مرحبا بالعالم", "🙂🙃", "two\nlines", "x" * 5000])
def test_any_reply_makes_a_sample(reply):
    template, tokenizer = make_template(LLAMA3)

    sample = template.sample(exchange("Hi", reply))

    assert decode(tokenizer, sample.tokens).endswith(f"\n\n{reply.strip()}<|eot_id|>")
    assert any(sample.counts)


@pytest.mark.parametrize(
    "text",
    [
        "{{ raise_exception('no') }}",
        "{{ messages[0]['nothing']['at_all'] }}",
        "{% for m in messages %}{{ m['role'] }}{% endfor %}",
        "{% if %}",
        None,
    ],
)
def test_a_template_that_does_not_format_a_chat_is_named(text):
    template, _ = make_template(text)

    with pytest.raises(NoChatTemplate, match="a model has no chat template"):
        template.sample(exchange("Hi", "Hello"))
