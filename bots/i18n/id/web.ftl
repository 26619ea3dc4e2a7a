# Halaman di peramban.

web-title = Suisai: foto menjadi lukisan
web-tagline = Beri saya satu foto, saya lukis seperti adegan film yang digambar tangan.
web-skip = Langsung ke kanvas
web-drop = Lepaskan foto di sini, atau tempelkan
web-choose = Pilih foto
web-limits = JPEG, PNG, WebP, atau HEIC, sampai { $mb } MB; { $count } sekaligus
web-chosen = Foto yang dipilih
web-remove = Singkirkan foto ini
web-photo = Fotomu
web-style = Gaya
web-strength = Kekuatan
web-barely = tipis
web-boldest = tegas
web-caption = Dengan kata-katamu
web-caption-example = lebih lembut, #catair, 80%…
web-paint = Lukis
web-works = Lukisanmu
web-sending = Sedang dikirim…
web-then = Nanti yang ini saya ambil sendiri.
web-done = Ini lukisanmu.
web-painting-of = Lukisan dari fotomu
web-compare = Bandingkan foto dan lukisan
web-before = Foto
web-after = Lukisan
web-download = Unduh
web-again = Lagi
web-softer = Lebih lembut
web-stronger = Lebih tegas
web-other-styles = Gaya lain
web-cancel = Batal
web-cancelled = Dibatalkan.
web-hide = Singkirkan
web-retry = Coba lagi
web-open = Tampilkan yang ini utuh
web-zoom = Ukuran penuh
web-close = Tutup
web-share = Bagikan
web-download-all = Unduh semua
web-no-photo = Fotonya sudah tidak ada di peramban ini.
web-too-heavy = Foto itu terlalu berat: paling besar { $mb } MB.
web-too-many = { $count ->
    [one] Satu foto dulu, ya: yang pertama saya ambil.
   *[other] { $count } foto sekaligus, ya: yang pertama-tama saya ambil.
}
web-offline = Sambungannya terputus. Saya terus mencoba, tidak ada yang hilang.
web-upload-failed = Fotonya belum sampai. Coba lagi, ya.
web-unreachable = Kanvas saya sedang tidak terjangkau. Coba lagi sebentar lagi, ya.
web-lost = Yang ini sudah tidak ada pada saya.
web-privacy = Fotomu dihapus begitu lukisannya selesai; peramban ini menyimpan salinannya supaya bisa kamu bandingkan. Yang melukis di sini mesin, bukan orang.
web-language = Bahasa
web-forget = Hapus data saya
web-forget-question = Hapus semua foto dan lukisanmu di sini untuk selamanya?
web-forget-yes = Ya, hapus
web-forget-no = Tidak, biarkan
web-forgotten = Sudah. Semua milikmu dihapus.
web-noscript = Halaman ini perlu JavaScript untuk menerima fotomu.
