"""Chinese sentences of reasons; what is missing here is said in English."""

from sceneburst.words.chinese import container_worker, dispatcher, overview, page, queue, steering
from sceneburst.words.language import Language

CHINESE = Language(
    {
        **container_worker.SENTENCES,
        **dispatcher.SENTENCES,
        **overview.SENTENCES,
        **page.SENTENCES,
        **queue.SENTENCES,
        **steering.SENTENCES,
    },
    form_of=lambda _number: 0,
    need_of_structure="{need}（结构 {structure}）",
)
