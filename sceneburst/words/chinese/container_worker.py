"""Chinese sentences for the reasons of a container: attempts that fail, inputs, limits, warnings of results."""

from collections.abc import Mapping

SENTENCES: Mapping[str, str] = {
    # --- an attempt that failed ---
    "facts_unusable": "结果中的数据无法存为 JSON：{problem}",
    "not_set_up": "这个容器没有准备好：{problem}",
    "unexpected": "意外错误：{error}",
    "worker_out_of_memory": "工作程序自身内存耗尽",
    # --- warnings of a result ---
    "charset_damaged": "字幕：文件编码为 {encoding}，但有些字节不符，显示为 \ufffd；请存为 UTF-8",
    "charset_guessed": "字幕：文件编码似乎是 {encoding}，也可能不是；请存为 UTF-8，或指明语言",
    "fade_shortened": "旁边的场景短于两个淡变，因此缩短了一个淡变",
    "profile_broken": "{input}：颜色配置文件已损坏或属于其他颜色模型，按 sRGB 处理",
    "subtitles_empty": "字幕文件中没有可显示的字幕",
    "subtitles_outside": "没有字幕落在旁白之内",
    "title_cut": "标题：超过标题卡的 {lines} 行，已在该处截断",
    # --- an item and its inputs ---
    "av1_unavailable": "编码 av1 需要带 libsvtav1 的 ffmpeg，而 {program} 不带；请选择 h264，或安装一个",
    "file_empty": "{input}：{uri} 为空，0 字节",
    "inputs_too_costly": "读取输入超过 {limit_s} 秒 CPU 时间：图片或声音已损坏，或被有意做成如此；请重新保存",
    "input_at": "{input}：{uri}",
    "item_malformed": "任务项格式有误：{problems:；}",
    "item_misplaced": "类型 {kind:quoted} v{version} 的任务项混在其他需求之中；是否有其他程序写入了这个队列？",
    "roots_missing": "不允许使用调度器承诺的 {folders}：请以 SCENEBURST_FILE_ROOTS={roots} 启动这个容器",
    "subtitles_of": "{place} 的字幕",
    # --- a picture ---
    "jpeg_scans": "{input} 是扫描过多的 JPEG：需解码 {decoded_mp} 百万像素，上限为 {limit_mp}；请存为基线 JPEG",
    "picture_beyond_limit": "{input} 超过允许的 {limit_mp} 百万像素",
    "picture_damaged": "{input} 已损坏：{problem}",
    "picture_too_large": "{input} 为 {width_px}x{height_px} 像素，超过允许的 {limit_mp} 百万像素",
    "picture_unreadable": "{input} 不是可读取格式的图片（{formats}）",
    # --- a sound ---
    "sound_damaged": "{input} 已损坏：{packets} 个数据包中有 {damaged} 个无法解码",
    "sound_empty": "{input} 为空：解码不出声音",
    "sound_missing": "{input} 中没有声音",
    "sound_parts": "{input} 由多于 {limit} 个文件拼接而成；请分成几个场景渲染",
    "sound_too_long": "{input} 超过允许的 {limit_h:g} 小时；请分成几个",
    "sound_too_short": "{input} 长 {length_s:.3f} 秒；最短为 {least_s:g} 秒",
    "sound_unreadable": "{input} 不是可读取的声音文件（{problem}）；可读取 {formats}",
    # --- subtitles ---
    "cues_too_many": "{input} 有 {cues} 条字幕，超过允许的 {limit} 条",
    "subtitles_too_large": "{input} 有 {bytes} 字节，超过字幕上限 {limit}",
    "subtitles_unreadable": "{input} 不是 SRT、WebVTT、ASS 或 SSA 字幕文件：其中没有“HH:MM:SS,mmm --> HH:MM:SS,mmm”这样的行",
    # --- a scene in a film ---
    "scene_cut_short": "{input}：第 {first} 到 {end} 帧中只能解码 {decoded} 帧",
    "scene_unlike_film": (
        "{input} 为 {width_px}x{height_px}，{fps} fps，{codec}；影片为 {film_width_px}x{film_height_px}，{film_fps} fps，"
        "{film_codec}；请用影片的选项渲染这个场景"
    ),
    "scene_unreadable": "{input} 不是渲染好的场景：{problem}",
    "scene_without_video": "{input} 不是渲染好的场景：没有画面",
    # --- limits ---
    "cpu_exceeded": "{program} 使用的 CPU 时间超过上限",
    "disk_full": "这个容器的磁盘或配额没有空间了（{problem}）",
    "file_size_exceeded": "{program} 写的文件超过上限",
    "memory_exceeded": "{program} 使用的内存超过上限，或被系统终止",
    "rendering_file_size": "渲染写的文件超过上限",
    "rendering_memory": "渲染需要的内存超过上限",
    "rendering_memory_for": "渲染需要的内存超过上限（{problem}）",
    "scratch_full": "临时文件夹没有空间了",
    "scratch_full_during": "{program} 运行时临时文件夹没有空间了",
    "time_exceeded": "{program} 运行超过 {limit_s:g} 秒",
    # --- tools that fail ---
    "ended_by_signal": "{program} {ending}",
    "ended_with_code": "{program} {ending}",
    "fade_not_encoded": "ffmpeg 编码淡变时{ending}",
    "film_not_muxed": "ffmpeg 合并画面与声音时{ending}",
    "loudness_not_measured": "ffmpeg 测量响度时{ending}",
    "loudness_not_reported": "ffmpeg 没有报告响度",
    "output_missing": "没有生成 {file}",
    "poster_not_made": "成品视频中没有可解码的帧用作海报",
    "program_not_run": "无法执行 {program}（{problem}）",
    "scene_not_encoded": "ffmpeg 编码场景时{ending}",
    "subtitles_not_drawn": "ffmpeg 绘制字幕时{ending}",
    # --- the renderer, which is not trusted ---
    "renderer": "渲染程序",
    "renderer_left_another": "{file} 不交付：渲染程序在那里留下的不是它自己的普通文件",
    "renderer_made_nothing": "渲染程序没有生成 {file}",
    "renderer_said_too_much": "渲染程序发送的消息多于任何工作所需，已被停止",
    "renderer_unintelligible": "渲染程序发送了无法读取的消息：{message:quoted}",
    "renderer_without_result": "渲染程序结束时没有结果",
    # --- an item that is handed back ---
    "item_expired": "作业 {job_id} 已过期",
    "item_stopped": "{item} 在结束前被停止",
    "item_stopped_waiting": "{item} 在开始前被停止",
    "lease_lost": "租约已丢失",
    "program_stopped": "{program} 被停止",
    "redis_silent": "Redis 不再应答",
    "redis_silent_before": "任务项开始前 Redis 已不再应答",
    "redis_silent_stopped": "Redis 不应答期间被停止",
    # --- the container ---
    "descriptors_short": "可打开的文件不足，一个任务项需要 {needed} 个：请提高上限 {limit}（ulimit -n）",
    "ffmpeg_broken": "{program} 起初可以启动，现在不行了；请在这台机器上查找它",
    "ffmpeg_missing": "没有带 libx264 和 libass 的 ffmpeg {oldest} 或更新版本：请安装，或 `pip install imageio-ffmpeg`",
    "ffmpeg_unusable": "{setting} 指向 {program}，它不是带 libx264 和 libass 的 ffmpeg {oldest} 或更新版本",
    "folder_unwritable": "无法写入 {folder}（{problem}）",
    "font_of_pictures": "{path} 是图片字体而非轮廓字体，无法绘制；请选择其他字体",
    "scratch_vanished": "有任务项在其中时，临时文件夹 {folder} 消失了",
}
