"""The public names of torch that funcgrad leaves out, by reason."""

import re

# reason: names, or patterns of names, of torch and its rooms and of the methods of torch.Tensor
LEFT_OUT = {
    "in place: arrays do not change, the pure word is there": r".*_",
    "autograd modes: fg.grad says what is differentiated": r"(is|set)_(grad|inference|anomaly).*|is_inference.*|"
    r"backward|detach_copy|retain_grad|register_hook|register_post_accumulate_grad_hook|is_anomaly.*|reinforce",
    "generators: random words take a key": r"manual_seed|seed|initial_seed|(get|set)_rng_state|thread_safe_generator",
    "storage and strides: arrays have none": r"as_strided.*|.*storage.*|stride|data_ptr|const_data_ptr|is_set_to|"
    r"empty_(strided|permuted)|new_empty_strided|contiguous|is_contiguous|dim_order|is_shared|is_pinned|pin_memory|"
    r"resize|resize_as|from_file|frombuffer|slice_inverse|element_size|record_stream|set_flush_denormal",
    "copies of views: a result is a new array": r".*_copy|unsafe_.*|conj_physical|resolve_(conj|neg)|is_(conj|neg)",
    "quantisation": r".*quantize.*|q_.*|qscheme|int_repr|fake_quant.*|fused_moving_avg.*|fbgemm_.*|choose_qparams.*|"
    r"(scaled_)?grouped_mm|scaled_mm",
    "sparse, nested and other layouts": r"sparse_.*|to_(sparse|dense|mkldnn|padded).*|(ccol|crow|col|row)_indices|"
    r"indices|values|coalesce|is_coalesced|dense_dim|dsmm|hsmm|hspmm|smm|spmm|sspaddmm|saddmm|is_distributed",
    "autocast, devices and backends: one program runs on each": r".*autocast.*|cudnn_.*|miopen_.*|mkldnn_.*|native_.*|"
    r"is_vulkan_available|cpu|cuda|xpu|ipu|mtia|get_device.*|profiler_.*|.*default_device|compiled_with_cxx11_abi",
    "kernels that torch calls itself": r"batch_norm_.*|affine_grid_generator|grid_sampler.*|norm_except_dim|"
    r"has_torch_function.*|handle_torch_function|boolean_dispatch|assert_int_or_pair|Optional|hash_tensor|module_load",
    "the compiler and symbolic shapes: jax.jit, with shapes known": r"sym_.*|compile|fork|wait|import_ir_.*|parse_.*|"
    r"merge_type_.*|unify_type_list|classproperty|typename|get_file_path",
    "the process: threads, printing, determinism": r"(get|set|init)_(num|printoptions|default|float32|"
    r"deterministic|warn).*|are_deterministic.*|is_deterministic.*|use_deterministic.*|is_warn_always.*|"
    r"prepare_multiprocessing.*",
    "files: safetensors": r"save|load|is_storage",
    "removed or deprecated in torch": r"lstsq|solve|eig|symeig|matrix_rank|range|upsample_(bilinear|nearest)",
    "second names of words that are there": r"fill|nonzero_static|scalar_tensor|split_with_sizes",
    "methods that are properties or functions here": r"as_subclass|dim|ndimension|nelement|numpy|type|type_as|long|"
    r"chalf|new|new_(empty|full|ones|tensor|zeros)|is_nonzero|is_same_size|is_signed",
}


def reason(name: str) -> str | None:
    """Why `name` is left out; None if it is not."""
    return next((why for why, pattern in LEFT_OUT.items() if re.fullmatch(pattern, name)), None)
