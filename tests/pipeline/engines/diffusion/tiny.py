"""Whole models a few hundred kilobytes large, with random weights, in the real files' layout.

They are read back by the very code that reads the real ones; only what they paint is noise.
"""

from __future__ import annotations

import string
from pathlib import Path

import torch
from diffusers import (
    AutoencoderKL,
    AutoencoderKLFlux2,
    AutoencoderKLQwenImage,
    ControlNetModel,
    DDIMScheduler,
    FlowMatchEulerDiscreteScheduler,
    Flux2KleinPipeline,
    Flux2Transformer2DModel,
    FluxKontextPipeline,
    FluxTransformer2DModel,
    QwenImageEditPlusPipeline,
    QwenImageTransformer2DModel,
    StableDiffusionPipeline,
    UNet2DConditionModel,
)
from tokenizers.pre_tokenizers import ByteLevel
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTokenizer,
    Qwen2TokenizerFast,
    Qwen3Config,
    Qwen3ForCausalLM,
    T5Config,
    T5EncoderModel,
    T5TokenizerFast,
)

CHAT = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def make_klein(folder: Path) -> None:
    """Make FLUX.2 klein: 28 text layers, because words are taken from layers 9, 18 and 27."""
    torch.manual_seed(0)
    transformer = Flux2Transformer2DModel(
        **_TRANSFORMER,
        num_single_layers=1,
        joint_attention_dim=48,
        axes_dims_rope=(4, 4, 4, 4),
        guidance_embeds=False,
    )
    vae = AutoencoderKLFlux2(
        block_out_channels=(8, 8, 8, 8), latent_channels=4, norm_num_groups=4, layers_per_block=1
    )
    assembled_klein(transformer, vae, _qwen3(len(qwen_tokenizer()))).save_pretrained(folder)


def assembled_klein(
    transformer: Flux2Transformer2DModel, vae: AutoencoderKLFlux2, reader: Qwen3ForCausalLM
) -> Flux2KleinPipeline:
    """Put FLUX.2 klein together, of any size, with the schedule of the published one."""
    scheduler = FlowMatchEulerDiscreteScheduler(shift=3.0, use_dynamic_shifting=True)
    return Flux2KleinPipeline(
        scheduler, vae, reader, qwen_tokenizer(), transformer, is_distilled=True
    )


def make_kontext(folder: Path) -> None:
    """Make FLUX.1 Kontext: a CLIP and a T5 text encoder."""
    torch.manual_seed(0)
    transformer = FluxTransformer2DModel(
        **_TRANSFORMER,
        num_single_layers=1,
        joint_attention_dim=16,
        pooled_projection_dim=16,
        axes_dims_rope=(4, 6, 6),
        guidance_embeds=True,
    )
    scheduler = FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True)
    clip = clip_tokenizer()
    t5 = t5_tokenizer()
    pipe = FluxKontextPipeline(
        scheduler,
        _vae(scaling_factor=0.36, shift_factor=0.11),
        _clip(len(clip)),
        clip,
        _t5(len(t5)),
        t5,
        transformer,
    )
    pipe.save_pretrained(folder)


def make_sd15(folder: Path) -> None:
    """Make Stable Diffusion 1.5, without its own safety checker."""
    torch.manual_seed(0)
    tokenizer = clip_tokenizer()
    pipe = StableDiffusionPipeline(
        _vae(),
        _clip(len(tokenizer)),
        tokenizer,
        UNet2DConditionModel(**_UNET, out_channels=4, up_block_types=_UP),
        DDIMScheduler(
            beta_start=0.00085,
            beta_end=0.012,
            beta_schedule="scaled_linear",
            clip_sample=False,
            steps_offset=1,
        ),
        None,
        None,
        requires_safety_checker=False,
    )
    pipe.save_pretrained(folder)


def make_controlnet(folder: Path) -> None:
    """Make a ControlNet for the tiny Stable Diffusion; its weights carry `fp16` in their name."""
    torch.manual_seed(1)
    net = ControlNetModel(**_UNET, conditioning_embedding_out_channels=(8, 8, 8, 8))
    # A fresh ControlNet's last layers are zero; only a trained one changes anything.
    for block in net.controlnet_down_blocks:
        torch.nn.init.normal_(block.weight, std=0.2)
    net.save_pretrained(folder, variant="fp16")


_TRANSFORMER = {
    "in_channels": 16,
    "num_layers": 1,
    "attention_head_dim": 16,
    "num_attention_heads": 2,
}
_READER = {"hidden_size": 16, "intermediate_size": 16, "num_attention_heads": 2}
_UP = ("CrossAttnUpBlock2D", "UpBlock2D")
_UNET = {
    "in_channels": 4,
    "block_out_channels": (8, 16),
    "layers_per_block": 1,
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"),
    "cross_attention_dim": 16,
    "attention_head_dim": 8,
    "norm_num_groups": 4,
}


def _vae(**config: float) -> AutoencoderKL:
    return AutoencoderKL(
        block_out_channels=(8, 8, 8, 8),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        latent_channels=4,
        norm_num_groups=4,
        layers_per_block=1,
        **config,
    )


def qwen_tokenizer() -> Qwen2TokenizerFast:
    """Return a tokenizer that knows single bytes only, with the chat's marks."""
    letters = sorted(ByteLevel.alphabet())
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    vocab = {token: number for number, token in enumerate(letters + special)}
    tokenizer = Qwen2TokenizerFast(vocab=vocab, merges=[])
    tokenizer.chat_template = CHAT
    return tokenizer


def _qwen3(words: int) -> Qwen3ForCausalLM:
    return Qwen3ForCausalLM(
        Qwen3Config(
            **_READER,
            vocab_size=words,
            num_hidden_layers=28,
            num_key_value_heads=1,
            head_dim=8,
        )
    )


def clip_tokenizer() -> CLIPTokenizer:
    """Return a tokenizer that knows single bytes only."""
    letters = sorted(ByteLevel.alphabet())
    whole = [f"{letter}</w>" for letter in letters]
    special = ["<|startoftext|>", "<|endoftext|>"]
    vocab = {token: number for number, token in enumerate(letters + whole + special)}
    return CLIPTokenizer(vocab=vocab, merges=[], model_max_length=77)


def _clip(words: int) -> CLIPTextModel:
    return CLIPTextModel(
        CLIPTextConfig(
            **_READER,
            vocab_size=words,
            num_hidden_layers=2,
            projection_dim=16,
            bos_token_id=words - 2,
            eos_token_id=words - 1,
        )
    )


def t5_tokenizer() -> T5TokenizerFast:
    """Return a tokenizer that knows single letters only."""
    special = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁", -2.0)]
    letters = [(letter, -3.0) for letter in string.ascii_lowercase + string.punctuation]
    return T5TokenizerFast(vocab=special + letters, extra_ids=0)


def _t5(words: int) -> T5EncoderModel:
    return T5EncoderModel(
        T5Config(
            vocab_size=words,
            d_model=16,
            d_kv=8,
            d_ff=16,
            num_layers=2,
            num_heads=2,
            feed_forward_proj="gated-gelu",
        )
    )


def tiny_qwen_edit() -> QwenImageEditPlusPipeline:
    """Return Qwen-Image-Edit without its text encoder, whose processor needs torchvision."""
    torch.manual_seed(0)
    transformer = QwenImageTransformer2DModel(
        **_TRANSFORMER,
        out_channels=4,
        joint_attention_dim=16,
        axes_dims_rope=(4, 6, 6),
    )
    vae = AutoencoderKLQwenImage(
        base_dim=8,
        z_dim=4,
        dim_mult=[1, 1, 1, 1],
        num_res_blocks=1,
        latents_mean=[0.1, -0.2, 0.3, 0.0],
        latents_std=[1.5, 2.0, 1.0, 0.5],
    )
    scheduler = FlowMatchEulerDiscreteScheduler(
        use_dynamic_shifting=True,
        base_shift=0.5,
        max_shift=0.9,
        max_image_seq_len=8192,
        shift_terminal=0.02,
    )
    return QwenImageEditPlusPipeline(scheduler, vae, None, None, None, transformer)
